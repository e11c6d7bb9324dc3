import { dirname, join } from 'node:path'
import { type HookTrial, tryHooks } from '../../agents/planner/program/hook-faults.ts'
import { checkProgram, leastCalls } from '../../agents/planner/program/program-faults.ts'
import { hashOf } from '../../schemas/hash.ts'
import { plural } from '../../schemas/number-text.ts'
import type { Program, Source } from '../../schemas/program.ts'
import { rubricFileOf } from '../../schemas/rubric.ts'
import type { Task, TrainingRow } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { sourceKindsOf } from '../../schemas/variants.ts'
import { readNamedFile, readYamlText } from '../../tasks/files/read-named-file.ts'
import { FileRefused, readInside, utf8TextOf } from '../../tasks/files/regular-file.ts'
import { hasProcedure } from '../../tasks/procedures.ts'
import { checkSeeds } from './check-seeds.ts'

/** A row that hooks are tried on where no task is named. */
const plainRow: TrainingRow = {
  instruction: 'Answer the question.',
  input: 'A shop sells 3 crates at 2.50 each. What is to be paid?',
  output: '3 times 2.50 is 7.50. The answer is \\boxed{7.50}.',
}

/** `calls`: teacher calls that may be made. `reply`: a reply that `parse` is tried on. */
export type CheckSettings = { task: Task | null; calls?: number | undefined; reply?: string }

/**
 * Reads a curation program and checks all that can be said of it before anything is paid: its form, its skills and seeds against the
 * task, its hooks, what it costs at least.
 * @throws UsageError that names each fault with its place
 */
export async function checkedProgram(
  file: string,
  { task, calls, reply }: CheckSettings,
): Promise<{ program: Program; trials: HookTrial[] }> {
  const against = task ? { skills: task.skills.map(({ name }) => name), seeds: task.seeds } : {}
  const checked = checkProgram(await readProgramFile(file), { ...against, ...(calls === undefined ? {} : { calls }) })
  if (!checked.ok) throw doesNotHold(file, checked.faults)
  const { program } = checked
  const sample = { row: task?.fewShot[0] ?? plainRow, seeds: task?.seeds ?? [] }
  const trials = await tryHooks(program, { ...sample, ...(reply === undefined ? {} : { reply }) })
  const faults = trials.flatMap(({ at, faults: found }) => found.map((fault) => `${at}${fault}`))
  if (faults.length > 0) throw doesNotHold(file, faults)
  if (task) checkSeeds(task, program)
  return { program, trials }
}

const doesNotHold = (file: string, faults: readonly string[]): UsageError =>
  new UsageError(
    `The program ${file} does not hold:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    'Correct what is named; docs/program.md describes every field.',
  )

/** @throws UsageError when the topology's generator samples procedures and the task has none */
export function checkGenerator(task: Task, { name, agents }: Topology): void {
  if (!sourceKindsOf(agents.generator).every((kind) => kind === 'procedure') || hasProcedure(task)) return
  throw new UsageError(
    `The task ${task.id} (${task.dir}) has no procedure that makes rows, and the generator of topology ${name} is ${agents.generator.variant}: a generator with a teacher is needed.`,
    'Name a generator with a teacher in a copy of the topology and pass it with --topology, or add a procedure as docs/add-a-task.md says.',
  )
}

/**
 * What a program file holds, JSON or YAML, not yet checked; a rubric that is a file's name is that file's text.
 * @throws UsageError
 */
export async function readProgramFile(path: string): Promise<unknown> {
  const text = await readNamedFile(path, 'program', 'Name an existing file, JSON or YAML.')
  const written = readYamlText(text, path, 'program', 'neither JSON nor YAML')
  if (typeof written !== 'object' || written === null || !('rubric' in written)) return written
  const { rubric } = written
  const file = typeof rubric === 'string' ? rubricFileOf(rubric) : null
  return file === null ? written : { ...written, rubric: await readRubric(dirname(path), file, path) }
}

/** Whoever wrote the program says what is read: a file of its own folder, and nothing that lies elsewhere. */
async function readRubric(folder: string, file: string, program: string): Promise<string> {
  try {
    return utf8TextOf(await readInside(folder, file), join(folder, file))
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error
    throw new UsageError(
      `The program ${program} names the rubric ${error.where}, which cannot be read: ${error.what}.`,
      'Put the file itself beside the program, as UTF-8 text, or write the rubric into it.',
    )
  }
}

/** What a program asks for, and what its hooks did when they were tried, in lines for a person. */
export function describeProgram(program: Program, trials: readonly HookTrial[]): string[] {
  const { sources, verification, judge, carryOver } = program
  const rows = sources.reduce((sum, source) => sum + source.rows, 0)
  const carried = Object.values(carryOver?.rows ?? {}).reduce((sum, count) => sum + count, 0)
  const calls = leastCalls(program)
  return [
    `The program holds: ${rows} ${plural(rows, 'row')} from ${sources.length} ${plural(sources.length, 'source')}${carried > 0 ? `, and ${carried} carried over` : ''}.`,
    ...sources.map(
      (source) => `  ${source.id}: ${source.rows} ${plural(source.rows, 'row')} of ${source.skill}, ${manner(source)}`,
    ),
    `verification: ${typeof verification === 'string' ? verification : `a vote of ${verification.k}`}`,
    ...(judge ? [`judge: rows of at least ${judge.minScore} of 5`] : []),
    ...trials.map(({ source, outcome }) => `hooks of ${source}: ${outcome}`),
    ...(calls > 0 ? [`teacher calls if every reply is admitted: ${calls}`] : []),
    `program hash: ${hashOf(program)}`,
  ]
}

function manner(source: Source): string {
  if (source.kind === 'procedure') return `${source.phrasings} phrasings`
  const parameters = Object.keys(source.parameters)
  return `prompted (${source.mode}${parameters.length > 0 ? `; parameters ${parameters.join(', ')}` : ''})`
}
