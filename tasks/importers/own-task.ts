// What a task of a person's own file is given beside what its importer reads: all that follows from the data itself, and from the machine.
import { couldBeLabels, distinctAnswers } from '../answer-form.ts'
import { foldText } from '../scorers/fold-text.ts'
import { ImportLog } from './import-log.ts'
import { type Importer, type ImportOptions, skillName, type TaskProfile } from './importer.ts'
import { recordFormOf } from './record-form.ts'
import { paperSizes, processorSizes, type TaskSizes } from './task-yaml.ts'

/**
 * What a person's file holds. `labels`: its answers, where they are a few that come again and again; else none. `spellings`: how else they
 * are written, with the label that each of these is.
 */
export type Look = {
  items: number
  labels: readonly string[]
  spellings: ReadonlyMap<string, string>
  longestAnswer: number
  longestQuestion: number
}

/** More labels than these are no skills: a dataset has rows of each. */
const mostSkills = 20

/**
 * Reads a file once, before it is imported.
 * @throws TaskError where it cannot be read, or where no column is known to hold the questions, or the answers
 */
export async function lookAt(importer: Importer, source: string, options: ImportOptions): Promise<Look> {
  const answers: { answer: string }[] = []
  let [longestAnswer, longestQuestion] = [0, 0]
  for await (const { answer, input } of importer.items(source, new ImportLog(), options)) {
    answers.push({ answer })
    longestAnswer = Math.max(longestAnswer, answer.length)
    longestQuestion = Math.max(longestQuestion, input.length)
  }
  const { scorer } = await importer.profile(options, source)
  const distinct = scorer.name === 'exact' ? distinctAnswers(answers) : []
  const { labels, spellings } = oneSpelling(distinct)
  return couldBeLabels(labels, answers.length)
    ? { items: answers.length, labels: labels.toSorted(), spellings, longestAnswer, longestQuestion }
    : { items: answers.length, labels: [], spellings: new Map(), longestAnswer, longestQuestion }
}

/** Answers that differ in nothing but case, spacing and marks are one label: the first of them, so the most frequent. */
function oneSpelling(answers: readonly string[]): Pick<Look, 'labels' | 'spellings'> {
  const labels = new Map<string, string>()
  const spellings = new Map<string, string>()
  for (const answer of answers) {
    const folded = foldText(answer) || answer
    const label = labels.get(folded)
    if (label === undefined) labels.set(folded, answer)
    else spellings.set(answer, label)
  }
  return { labels: [...labels.values()], spellings }
}

/** The options of an import of a file that was looked at: labels are skills, so that a dataset has rows of each. */
export async function ownOptions(options: ImportOptions, source: string, { labels }: Look): Promise<ImportOptions> {
  const isFew = labels.length > 0 && labels.length <= mostSkills
  if (options.skill !== undefined || !isFew) return options
  return { ...options, skill: (await recordFormOf(source, options)).used.answer }
}

/** The importer with labels in one spelling, and a profile that names them and what is still to be written. `name`: of the new folder. */
export function ownImporter(importer: Importer, { labels, spellings }: Look, name: string): Importer {
  return {
    ...importer,
    async *items(...given) {
      for await (const item of importer.items(...given)) {
        yield { ...item, answer: spellings.get(item.answer) ?? item.answer }
      }
    },
    async profile(options, source) {
      const read = await importer.profile(options, source)
      const title = options.title ?? titleOf(name)
      const todo = {
        description: 'say in a sentence or two what is asked, by whom, and what makes an answer right',
        goal: 'say what is hard, and what good rows look like',
      }
      if (labels.length > 0) return { ...read, ...ofLabels(labels, options.instruction), title, todo }
      const isDefault = options.instruction === undefined
      return {
        ...read,
        title,
        todo: { ...todo, ...(isDefault && { instruction: 'ask for the form of answer that the file has' }) },
      }
    },
  }
}

function ofLabels(
  labels: readonly string[],
  instruction: string | undefined,
): Partial<TaskProfile> & Pick<TaskProfile, 'labels'> {
  const list = labels.join(', ')
  return {
    description: `Texts that are each given one of ${labels.length} labels: ${list}.`,
    goal: 'Write training rows from which a small student learns to give each text its label.',
    instruction: instruction ?? `Answer with one of these and nothing else: ${list}.`,
    // The form is asked for; a reply that says "It is Billing." is right all the same.
    scorer: { name: 'exact', primary: 'lenient', options: {} },
    skills: Object.fromEntries(labels.map((label) => [skillName(label), `Questions marked ${label}.`])),
    labels,
  }
}

const titleOf = (name: string): string => {
  const words = name.replaceAll(/[-_.]+/g, ' ').trim()
  return words === '' ? 'My task' : words[0]!.toUpperCase() + words.slice(1)
}

/** Characters from which on questions are long: fewer are answered at a time. */
const longQuestion = 2000
/** Characters from which on answers are long: half the rows are as much to train. */
const longAnswer = 800

/** What a task is made for on a machine, after the lengths of its questions and answers. */
export function ownSizes({ longestAnswer, longestQuestion }: Look, hasGpu: boolean): TaskSizes {
  if (hasGpu) return paperSizes
  const { rows, batchSize, ...sizes } = processorSizes
  const isLong = longestAnswer > longAnswer
  return {
    ...sizes,
    rows: isLong ? { target: rows.target / 2, minimum: rows.minimum / 2 } : rows,
    batchSize: longestQuestion > longQuestion ? batchSize / 4 : batchSize,
  }
}
