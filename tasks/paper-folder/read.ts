import { basename, join } from 'node:path'
import { z } from 'zod'
import { sha256OfFile } from '../../machine/state-file.ts'
import { hashOf, sha256 } from '../../schemas/hash.ts'
import { isWithoutEffect, neutralRecipeKeys, readyRecipe } from '../../schemas/recipe-keys.ts'
import {
  InferenceSettings,
  type Item,
  Recipe,
  ScorerChoice,
  type SplitFile,
  TaskFile,
  TrainingRow,
} from '../../schemas/task.ts'
import { parseWith, readText, readYaml } from '../files/read-files.ts'
import { describeSkill, skillName } from '../importers/importer.ts'
import { importers } from '../importers/list.ts'
import { type RecordForm, recordFormOf } from '../importers/record-form.ts'
import { readRecords } from '../importers/records.ts'
import { paperInference, paperRecipe, paperRows } from '../importers/task-yaml.ts'
import { readScorer } from '../read-scorer.ts'
import type { TaskParts } from '../read-task-folder.ts'
import { scorerNames } from '../scorers/mod.ts'
import { readSeedPool } from '../seed-pool.ts'
import { TaskError } from '../task-error.ts'
import { findPart, needPart } from './files.ts'
import { readTestFile } from './test-file.ts'

/**
 * Reads a folder in the paper's form in place: description.md, seed/, sample_submission.json, train_config.yaml, the public test
 * (validation) and the private one (test).
 * @throws TaskError naming what is missing, what does not fit, and where
 */
export async function readPaperFolder(dir: string, named: string | undefined): Promise<TaskParts> {
  const description = (await readText(dir, await needPart(dir, 'description'))).trim()
  const configFile = await needPart(dir, 'trainConfig')
  const configText = await readText(dir, configFile)
  const { recipe, inference, ignored } = readTrainConfig(configText, join(dir, configFile))
  const scorer = await chooseScorer(dir, named)
  const profile = await importers.find(({ name }) => name === scorer.name)?.profile({}, dir)
  const fallback = profile?.instruction ?? 'Solve the task, and end with the answer.'
  const fewShotFile = await needPart(dir, 'fewShot')
  const fewShot = await readRows(join(dir, fewShotFile), fallback)
  // The fixed instruction is that of the worked examples; where those have none, the scorer's.
  const { instruction } = fewShot[0]!
  const sampleFile = await needPart(dir, 'sample')
  const sampleSubmission = await readRows(join(dir, sampleFile), instruction)
  const seedFile = await findPart(dir, 'seed')
  const pool = seedFile === null ? { text: '', seeds: [] } : await readSeedPool(dir, seedFile)

  const read = async (file: string, split: string) => {
    const { items, notes } = await readTestFile(join(dir, file), { split, scorer: scorer.name, instruction })
    // In pieces: a file of records may be larger than a text may be.
    const splitFile: SplitFile = { file, sha256: await sha256OfFile(join(dir, file)), count: items.length }
    return { items, notes, splitFile }
  }
  const validation = await read(await needPart(dir, 'publicTest'), 'validation')
  const test = await read(await needPart(dir, 'privateTest'), 'test')
  const auditFile = await findPart(dir, 'audit')
  const audit = auditFile === null ? null : await read(auditFile, 'audit')
  const splits = [validation, test, ...(audit ? [audit] : [])]

  const unread =
    ignored.length > 0 ? [`Keys of train_config.yaml that say how to run are not read: ${ignored.join(', ')}.`] : []
  const file: TaskFile = {
    id: skillName(basename(dir)),
    title: /^#+\s+(.+)$/m.exec(description)?.[1]?.trim() ?? basename(dir),
    description: description || basename(dir),
    goal:
      profile?.goal ??
      'Write training rows from which a small student learns to solve this task in the form of the examples.',
    instruction,
    scorer,
    recipe,
    inference,
    rows: paperRows,
    skills: skillsOf(splits.flatMap(({ items }) => items)).map((name) => describeSkill(profile?.skills ?? {}, name)),
    splits: {
      validation: validation.splitFile,
      test: test.splitFile,
      ...(audit ? { audit: audit.splitFile } : {}),
    },
    headline: 'benchmark',
    few_shot: fewShotFile,
    sample_submission: sampleFile,
    ...(seedFile === null ? {} : { seed: seedFile }),
    departures: [...unread, ...splits.flatMap(({ notes }) => notes)],
  }
  return {
    file: parseWith(TaskFile, file, dir),
    validation: validation.items,
    test: test.items,
    audit: audit?.items ?? [],
    fewShot,
    sampleSubmission,
    references: [],
    seeds: pool.seeds,
    hashes: [
      sha256(description),
      sha256(configText),
      sha256(pool.text),
      hashOf([scorer, fewShot, sampleSubmission]),
      ...splits.map(({ splitFile }) => splitFile.sha256),
    ],
  }
}

/** The scorer that a person names, or the folder's script. A Python evaluator is never run. */
async function chooseScorer(dir: string, named: string | undefined): Promise<ScorerChoice> {
  const file = named === undefined ? await findPart(dir, 'script') : named.endsWith('.js') ? named : null
  if (file === null && named === undefined) {
    throw new TaskError(
      'No scorer is named for this folder',
      dir,
      `Give --scorer <name> (${scorerNames.join(', ')}), or put a scorer.js there; a Python evaluator is not run.`,
    )
  }
  const choice = parseWith(
    ScorerChoice,
    { ...(file === null ? { name: named } : { file }), primary: 'strict' },
    '--scorer',
  )
  return readScorer(dir, choice, '--scorer')
}

const skillsOf = (items: readonly Item[]): string[] => [...new Set(items.map(({ skill }) => skill))].sort()

/**
 * Worked rows, `{instruction, input, output}` or a question and an answer under their usual names; those get the task's
 * instruction.
 * @throws TaskError for a record that is no row, and for a file without one
 */
async function readRows(path: string, instruction: string): Promise<TrainingRow[]> {
  const rows: TrainingRow[] = []
  let form: RecordForm | null | undefined
  for await (const record of readRecords(path)) {
    const whole = 'problem' in record ? null : wholeRow(record.value)
    // A file of whole rows needs no form.
    if (whole === null && form === undefined) form = await formOf(path, instruction)
    const row = whole ?? ('problem' in record || !form ? null : rowOf(form.read(record.value), instruction))
    if (row === null) {
      const fix = 'Write {"instruction": …, "input": …, "output": …}, none of them empty.'
      throw new TaskError('Not a worked row', `${path}, ${record.where}`, fix)
    }
    rows.push(row)
  }
  if (rows.length > 0) return rows
  throw new TaskError('The file holds no worked row', path, 'Give at least one.')
}

function wholeRow({ instruction, input, output }: Record<string, unknown>): TrainingRow | null {
  return TrainingRow.safeParse({ instruction, input, output }).data ?? null
}

function rowOf(read: ReturnType<RecordForm['read']>, instruction: string): TrainingRow | null {
  return typeof read === 'string' ? null : { instruction, input: read.question, output: read.golds[0] }
}

/** Null where the columns are not known. */
async function formOf(path: string, instruction: string): Promise<RecordForm | null> {
  return recordFormOf(path, { instruction }, true).catch((error: unknown) => {
    if (error instanceof TaskError) return null
    throw error
  })
}

/** Keys of a LLaMA-Factory file that are a run's own affair: which rows it takes, and its seeds. */
const ofRun = /^(max_samples|seed|data_seed|val_size)$/

/** Keys that change what is learnt; another value would be another recipe. */
const Fixed = z.looseObject({
  stage: z.literal('sft').optional(),
  finetuning_type: z.enum(['lora', 'full']).optional(),
})

type TrainConfig = { recipe: Recipe; inference: InferenceSettings; ignored: string[] }

/**
 * Reads `train_config.yaml` with LLaMA-Factory's keys; what it does not say is the paper's.
 * @throws TaskError naming the key with a value that this project cannot train with, or that it does not know
 */
export function readTrainConfig(text: string, where: string): TrainConfig {
  const keys = parseWith(z.record(z.string(), z.unknown()), readYaml(text, where) ?? {}, where)
  parseWith(Fixed, keys, where)
  const ready = readyRecipe(keys) as Record<string, unknown>
  const taken = (schema: z.ZodObject) =>
    Object.fromEntries(Object.entries(ready).filter(([key]) => key in schema.shape))
  const known = (key: string) => key in Recipe.shape || key in InferenceSettings.shape
  const ignored = Object.keys(keys).filter((key) => !known(key))
  const unknown = ignored.find((key) => !ofRun.test(key) && !isWithoutEffect(key, keys[key]))
  if (unknown !== undefined) {
    throw new TaskError(
      `The key ${unknown}${unknown in neutralRecipeKeys ? ` with the value ${JSON.stringify(keys[unknown])}` : ''} is not one that this project trains with`,
      where,
      `Remove it, or write a task.yaml; the recipe has: ${Object.keys(Recipe.shape).join(', ')}.`,
    )
  }
  return {
    recipe: parseWith(Recipe, { ...paperRecipe, ...taken(Recipe) }, where),
    inference: parseWith(InferenceSettings, { ...paperInference, ...taken(InferenceSettings) }, where),
    ignored,
  }
}
