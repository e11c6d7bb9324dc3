import { jsonOrNull } from '../../schemas/bounded-json.ts'
import { loadsPythonJson } from '../python-literal/mod.ts'
import { type Importer, skillName, textOf } from './importer.ts'
import { eachItem } from './records.ts'

type Test = { input: string; output: string }
type Texts = [content: string, questionId: string, name: string]

/** The first test of the row's `test` column: a JSON text of an array, or the array itself. */
function firstTest(value: unknown): Test | null {
  const tests: unknown = typeof value === 'string' ? jsonOrNull(value) : value
  const first = Array.isArray(tests) ? (tests[0] as Partial<Test> | undefined) : undefined
  return typeof first?.input === 'string' && typeof first.output === 'string' ? (first as Test) : null
}

const items = eachItem((row) => {
  const test = firstTest(row.test)
  const [content, questionId, name] = [row.question_content, row.question_id, row.function_name].map(textOf) as Texts
  if (content.trim() === '' || questionId === '' || name === '')
    return 'no question_content, question_id or function_name'
  if (test === null) return 'no test with input and output'
  if (!loadsPythonJson(test.output).ok) return 'the expected output is not JSON'
  const id = `${questionId}-${textOf(row.test_id)}`
  const call = `assert ${name}(${test.input.split('\n').join(', ')}) == # TODO`
  return {
    id,
    skill: skillName(textOf(row.difficulty)),
    group: `question:${questionId}`,
    input:
      `Problem:\n${content}Function:\n\`\`\`\n${textOf(row.starter_code)}\n\`\`\`\n` +
      `Please complete the following test case:\n\n\`\`\`\n${call}\n\`\`\``,
    answer: test.output,
    key: `livecodebench-top:${id}`,
    seed: { question_content: content, test_input: test.input },
  }
})

export const livecodebenchTopImporter: Importer = {
  name: 'livecodebench-top',
  source: 'the published test.parquet, or a JSON or JSON Lines export of it',
  items,
  profile: () => ({
    title: 'LiveCodeBench test output prediction',
    description: 'Given a programming problem and the input of a test, say what a right program returns.',
    goal: 'Write training rows from which a small student learns to trace a problem on an input and to complete the assertion.',
    instruction:
      'Work out the output of the test case, and write the whole assertion with the right output in a Markdown code block.',
    scorer: { name: 'livecodebench-top', primary: 'strict', options: {} },
    skills: { easy: 'Easy problems.', medium: 'Problems of medium difficulty.', hard: 'Hard problems.' },
    departures: [],
  }),
}
