import { type HookTrial, tryHooks } from '../../agents/planner/program/hook-faults.ts'
import { checkProgram } from '../../agents/planner/program/program-faults.ts'
import type { Program } from '../../schemas/program.ts'
import type { Task, TrainingRow } from '../../schemas/task.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { checkSeeds } from './check-seeds.ts'
import { readProgramFile } from './read-program.ts'

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
 * task, its hooks, what it costs at least. Errors: UsageError that names each fault with its place.
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
