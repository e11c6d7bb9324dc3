import { dirname, join, resolve } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { sha256 } from '../schemas/hash.ts'
import type { ScorerChoice, Task } from '../schemas/task.ts'
import { PublicTask, scriptScorer, TaskFile, TrainingRow } from '../schemas/task.ts'
import { checkDisjoint, checkItem, splitsOf } from './check-items.ts'
import { parseJson, parseWith, readSplit, readText } from './read-files.ts'
import { openTaskScorer } from './score-with.ts'
import { scorerNamed, scorers } from './scorers/mod.ts'
import { readSeedPool } from './seed-pool.ts'
import { sourceHash } from './source-hash.ts'
import { TaskError } from './task-error.ts'

export { TaskError } from './task-error.ts'

const TASK_FILE = 'task.yaml'

/**
 * Loads a task folder and checks all of it, so that nothing fails later in a run.
 * Errors: `TaskError` on a missing file, a key that does not fit, an unknown scorer, a split whose hash or count differs, splits
 * that share a core or a question, a gold answer that scores 0 against itself, and a seed that carries its answer.
 */
export async function loadTask(folder: string): Promise<Task> {
  const dir = resolve(folder)
  const path = join(dir, TASK_FILE)
  const text = await readText(dir, TASK_FILE)
  const file = parseWith(TaskFile, readYaml(text, path), path)
  const chosen = await readScorer(dir, file.scorer, path)
  const scorer = openTaskScorer(chosen)

  const validation = await readSplit(dir, file.splits.validation)
  const test = await readSplit(dir, file.splits.test)
  const fewShotText = await readText(dir, file.few_shot)
  const sampleText = await readText(dir, file.sample_submission)
  const audit = file.splits.audit ? await readSplit(dir, file.splits.audit) : []
  const procedureSha256 = file.procedure ? await procedureHash(dir, file.procedure) : undefined
  const referenceText = file.reference ? await readText(dir, file.reference) : ''
  const pool = file.seed ? await readSeedPool(dir, file.seed) : { text: '', seeds: [] }
  const hashes = [text, fewShotText, sampleText, chosen.source ?? '', referenceText, pool.text].map(sha256)

  const task: Task = {
    ...file,
    scorer: chosen,
    dir,
    // The text of task.yaml holds the splits' hashes.
    sha256: sha256([...hashes, procedureSha256 ?? ''].join('\n')),
    ...(procedureSha256 === undefined ? {} : { procedureSha256 }),
    validation,
    test,
    audit,
    fewShot: readRows(fewShotText, join(dir, file.few_shot)),
    sampleSubmission: readRows(sampleText, join(dir, file.sample_submission)),
    referenceRows: file.reference ? readRows(referenceText, join(dir, file.reference)) : [],
    seeds: pool.seeds,
  }
  for (const [{ file }, items] of splitsOf(task)) for (const item of items) await checkItem(task, item, file, scorer)
  checkDisjoint(task)
  return task
}

/** All of a task that an agent may be sent: no test item, no test answer, no path of this machine. */
export function publicView(task: Task): PublicTask {
  return PublicTask.strip().parse(task)
}

function readYaml(text: string, where: string): unknown {
  try {
    return parseYaml(text)
  } catch (error) {
    throw new TaskError(`Not YAML: ${(error as Error).message}`, where, 'Correct the YAML.')
  }
}

/** A JSON array of rows, or one row a line in a `.jsonl` file. */
function readRows(text: string, where: string): TrainingRow[] {
  if (!where.endsWith('.jsonl')) return parseWith(z.array(TrainingRow).min(1), parseJson(text, where), where)
  const rows = text.split('\n').flatMap((line, index) => {
    const place = `${where}, line ${index + 1}`
    return line.trim() === '' ? [] : [parseWith(TrainingRow, parseJson(line, place), place)]
  })
  return parseWith(z.array(TrainingRow).min(1), rows, where)
}

/** The scorer with its script, if it has one. Errors: `TaskError` on an unknown name, a missing file and options that do not fit. */
async function readScorer(dir: string, choice: ScorerChoice, path: string): Promise<ScorerChoice> {
  const where = `${path}, key scorer`
  const { name, file, source, options } = choice
  if (file !== undefined && name === scriptScorer) return { ...choice, source: await readText(dir, file) }
  const scorer = scorerNamed(name)
  if (!scorer || file !== undefined || source !== undefined) {
    const what = scorer === undefined ? `Unknown scorer "${name}"` : `The scorer "${name}" takes no script`
    throw new TaskError(what, where, `Name one of: ${Object.keys(scorers).join(', ')}; or give a script as file alone.`)
  }
  parseWith(scorer.options, options, `${where}.options`)
  return choice
}

async function procedureHash(dir: string, procedure: string): Promise<string> {
  await readText(dir, procedure)
  return sourceHash(join(dir, dirname(procedure)))
}
