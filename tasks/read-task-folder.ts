import { dirname, join } from 'node:path'
import { sha256 } from '../schemas/hash.ts'
import { readyRecipe } from '../schemas/recipe-keys.ts'
import { Rubric, rubricFileOf } from '../schemas/rubric.ts'
import {
  InnerPath,
  type Item,
  type Reference,
  type RetentionSet,
  type SeedQuestion,
  TaskFile,
  TrainingRow,
} from '../schemas/task.ts'
import {
  asTaskError,
  parseJsonAt,
  parseList,
  parseWith,
  readData,
  readSplit,
  readText,
  readYaml,
} from './files/read-files.ts'
import { readRetention } from './read-retention.ts'
import { readScorer } from './read-scorer.ts'
import { readSeedPool } from './seed-pool.ts'
import { foreignSourceHash } from './source-hash.ts'

/** The file that makes a folder a task. */
export const taskFileName = 'task.yaml'

/** A task file as it is written, with its recipe made ready. */
const readyTaskFile = (written: unknown): unknown =>
  written !== null && typeof written === 'object' && 'recipe' in written
    ? { ...written, recipe: readyRecipe(written.recipe) }
    : written

/**
 * Reads a folder with a task.yaml.
 * @throws TaskError naming the file and the key
 */
export async function readTaskFolder(dir: string): Promise<TaskParts> {
  const path = join(dir, taskFileName)
  const text = await readText(dir, taskFileName)
  const file = parseWith(TaskFile, readyTaskFile(readYaml(text, path)), path)
  const scorer = await readScorer(dir, file.scorer, `${path}, key scorer`)
  const { validation, test, audit } = file.splits
  const fewShotText = await readData(dir, file.few_shot)
  const sampleText = await readData(dir, file.sample_submission)
  const reference = await readReferences(dir, file.reference)
  const pool = file.seed ? await readSeedPool(dir, file.seed) : { text: '', seeds: [] }
  const retentionSet = file.retention && (await readRetention(dir, file.retention, `${path}, key retention`))
  const procedureSha256 = file.procedure ? await procedureHash(dir, file.procedure) : undefined
  const rubricFile = file.rubric === undefined ? null : rubricFileOf(file.rubric)
  const rubric = rubricFile === null ? file.rubric : await readRubric(dir, rubricFile, `${path}, key rubric`)
  return {
    file: { ...file, scorer, ...(rubric !== undefined && { rubric }) },
    ...(procedureSha256 === undefined ? {} : { procedureSha256 }),
    validation: await readSplit(dir, validation),
    test: await readSplit(dir, test),
    audit: audit ? await readSplit(dir, audit) : [],
    fewShot: readRows(fewShotText, join(dir, file.few_shot)),
    sampleSubmission: readRows(sampleText, join(dir, file.sample_submission)),
    references: reference.references,
    ...(retentionSet && { retentionSet }),
    seeds: pool.seeds,
    // The text of task.yaml holds the splits' hashes.
    hashes: [
      ...[text, fewShotText, sampleText, scorer.source ?? '', ...reference.texts, pool.text].map(sha256),
      procedureSha256 ?? '',
      ...(rubricFile === null ? [] : [sha256(rubric ?? '')]),
      ...(retentionSet?.scorer.source === undefined ? [] : [sha256(retentionSet.scorer.source)]),
    ],
  }
}

async function readRubric(dir: string, file: string, where: string): Promise<string> {
  return parseWith(Rubric, await readText(dir, parseWith(InnerPath, file, where)), join(dir, file))
}

async function procedureHash(dir: string, procedure: string): Promise<string> {
  await readText(dir, procedure)
  return foreignSourceHash(dir, dirname(procedure)).catch((error: unknown) => {
    throw asTaskError(error)
  })
}

/**
 * The references of a task in their order, and the text of each file; of a task without one, one empty text.
 * @throws TaskError
 */
async function readReferences(
  dir: string,
  named: TaskFile['reference'],
): Promise<{ texts: string[]; references: Reference[] }> {
  if (named === undefined) return { texts: [''], references: [] }
  const files =
    typeof named === 'string'
      ? [{ arm: 'reference' as const, file: named }]
      : named.map(({ name, file }) => ({ arm: `reference-${name}` as const, file }))
  const texts = await Promise.all(files.map(({ file }) => readData(dir, file)))
  return {
    texts,
    references: files.map(({ arm, file }, index) => ({ arm, rows: readRows(texts[index]!, join(dir, file)) })),
  }
}

/**
 * A JSON array of rows, or one row a line in a `.jsonl` file.
 * @throws TaskError that names the place
 */
function readRows(text: string, where: string): TrainingRow[] {
  if (!where.endsWith('.jsonl')) return parseList(TrainingRow, parseJsonAt(text, where), where)
  const rows = text.split('\n').flatMap((line, index) => {
    const place = `${where}, line ${index + 1}`
    return line.trim() === '' ? [] : [parseWith(TrainingRow, parseJsonAt(line, place), place)]
  })
  return parseList(TrainingRow, rows, where)
}

/** A task folder as read, in either form, before it is checked. The scorer of `file` has its script's text. */
export type TaskParts = {
  file: TaskFile
  procedureSha256?: string
  validation: Item[]
  test: Item[]
  audit: Item[]
  fewShot: TrainingRow[]
  sampleSubmission: TrainingRow[]
  references: Reference[]
  retentionSet?: RetentionSet
  seeds: SeedQuestion[]
  /** Of everything that the folder says; the task's hash is over them. */
  hashes: string[]
}
