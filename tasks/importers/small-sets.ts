import { evalPython } from '../python-literal/mod.ts'
import { markedAnswer } from '../scorers/gsm8k.ts'
import { groupOf, type Importer, skillName, textOf } from './importer.ts'
import { eachItem } from './records.ts'

const text = (value: unknown): string => textOf(value).trim()

/** CRUXEval (MIT): `{code, input, output, id}`; one question a function, so no two items share code unless published so. */
export const cruxevalImporter: Importer = {
  name: 'cruxeval',
  source: 'the published cruxeval.jsonl',
  items: eachItem((row, where) => {
    const [code, input, output] = [text(row.code), typeof row.input === 'string' ? row.input : null, text(row.output)]
    if (code === '' || input === null) return 'no code or input'
    if (!evalPython(output).ok) return 'the output is no Python literal'
    const id = text(row.id) || where
    const question = `${code}\nassert f(${input}) == ??`
    return {
      id,
      skill: 'output-prediction',
      group: groupOf('code', code),
      input: question,
      answer: output,
      key: `cruxeval:${id}`,
    }
  }),
  profile: () => ({
    title: 'CRUXEval output prediction',
    description: 'Given a short Python function and its arguments, say what it returns.',
    goal: 'Write training rows from which a small student learns to execute Python in its head.',
    instruction:
      'Work out the output of the assertion step by step, then give it as a Python literal between [ANSWER] and [/ANSWER].',
    scorer: { name: 'cruxeval', primary: 'strict', options: {} },
    skills: { 'output-prediction': 'Output of a function for given arguments.' },
    departures: [],
  }),
}

/** GSM8K (MIT): `{question, answer}` with the gold after `#### `. */
export const gsm8kImporter: Importer = {
  name: 'gsm8k',
  source: 'the published train.jsonl or test.jsonl',
  items: eachItem((row, where) => {
    const [question, gold] = [text(row.question), markedAnswer(text(row.answer))]
    if (question === '') return 'no question'
    if (gold === null) return 'no number after ####'
    return { id: where, skill: 'word-problems', group: null, input: question, answer: gold, key: `gsm8k:${where}` }
  }),
  profile: () => ({
    title: 'GSM8K',
    description: 'Word problems of grade-school mathematics with a whole answer.',
    goal: 'Write training rows from which a small student learns to solve such problems step by step.',
    instruction: 'Solve the problem step by step, and end with a line "#### " and the number.',
    scorer: { name: 'gsm8k', primary: 'strict', options: {} },
    skills: { 'word-problems': 'Arithmetic word problems.' },
    departures: [],
  }),
}

/** SVAMP (MIT): `{ID, Body, Question, Equation, Answer, Type}`; variations of one body are one group. */
export const svampImporter: Importer = {
  name: 'svamp',
  source: 'the published SVAMP.json',
  items: eachItem((row, where) => {
    const [body, question, answer] = [text(row.Body), text(row.Question), text(row.Answer)]
    if (question === '') return 'no Question'
    if (answer === '' || !Number.isFinite(Number(answer))) return 'no Answer that is a number'
    const stop = body === '' || /[.?!]$/.test(body) ? ' ' : '. '
    const id = text(row.ID) || where
    const input = `${body}${stop}${question}`.trim()
    return {
      id,
      skill: skillName(text(row.Type)),
      group: body === '' ? null : groupOf('body', body),
      input,
      answer,
      key: `svamp:${id}`,
    }
  }),
  profile: () => ({
    title: 'SVAMP',
    description: 'Short arithmetic word problems, varied so that surface cues mislead.',
    goal: 'Write training rows from which a small student learns to read such problems with care.',
    instruction: 'Solve the problem, and end with: The answer is X.',
    scorer: { name: 'svamp', primary: 'strict', options: {} },
    skills: {},
    departures: ['Upstream scores equations; here the number of the reply is scored.'],
  }),
}
