import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename, join } from 'node:path'
import { hashOf, sha256 } from '../../schemas/hash.ts'
import { type Item, ScorerChoice, type SplitFile, TaskFile } from '../../schemas/task.ts'
import { parseWith, readText } from '../files/read-files.ts'
import { describeSkill, skillName } from '../importers/importer.ts'
import { importers } from '../importers/list.ts'
import { paperRows } from '../importers/task-yaml.ts'
import { readScorer } from '../read-scorer.ts'
import { scorers } from '../scorers/mod.ts'
import { readSeedPool } from '../seed-pool.ts'
import { TaskError } from '../task-error.ts'
import type { TaskParts } from '../task-parts.ts'
import { findPart, needPart } from './files.ts'
import { readRows } from './rows.ts'
import { readTestFile } from './test-file.ts'
import { readTrainConfig } from './train-config.ts'

/**
 * Reads a folder in the paper's form in place: description.md, seed/, sample_submission.json, train_config.yaml, the public test
 * (validation) and the private one (test). Errors: `TaskError` naming what is missing, what does not fit, and where.
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
    const splitFile: SplitFile = { file, sha256: await hashOfFile(join(dir, file)), count: items.length }
    return { items, notes, splitFile }
  }
  const validation = await read(await needPart(dir, 'publicTest'), 'validation')
  const test = await read(await needPart(dir, 'privateTest'), 'test')
  const auditFile = await findPart(dir, 'audit')
  const audit = auditFile === null ? null : await read(auditFile, 'audit')
  const splits = [validation, test, ...(audit ? [audit] : [])]

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
    departures: departures(
      ignored,
      splits.flatMap(({ notes }) => notes),
    ),
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

/** In pieces: a file of records may be larger than a text may be. */
async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** The scorer that a person names, or the folder's script. A Python evaluator is never run. */
async function chooseScorer(dir: string, named: string | undefined): Promise<ScorerChoice> {
  const file = named === undefined ? await findPart(dir, 'script') : named.endsWith('.js') ? named : null
  if (file === null && named === undefined) {
    throw new TaskError(
      'No scorer is named for this folder',
      dir,
      `Give --scorer <name> (${Object.keys(scorers).join(', ')}), or put a scorer.js there; a Python evaluator is not run.`,
    )
  }
  const choice = parseWith(
    ScorerChoice,
    { ...(file === null ? { name: named } : { file }), primary: 'strict' },
    '--scorer',
  )
  return readScorer(dir, choice, '--scorer')
}

function skillsOf(items: readonly Item[]): string[] {
  return [...new Set(items.map(({ skill }) => skill))].sort()
}

function departures(ignored: readonly string[], notes: readonly string[]): string[] {
  const unread =
    ignored.length > 0 ? [`Keys of train_config.yaml that say how to run are not read: ${ignored.join(', ')}.`] : []
  return [...unread, ...notes]
}
