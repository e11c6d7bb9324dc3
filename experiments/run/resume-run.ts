import { randomUUID } from 'node:crypto'
import { PlannerState } from '../../agents/planner/state.ts'
import { type Bus, heldValues } from '../../bus/mod.ts'
import { defaultTopology, topologyName } from '../../launcher/topology/topology-names.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { OperatorCommand, StatusChanged } from '../../schemas/messages/run.ts'
import { queuesOf } from '../../schemas/queue.ts'
import type { RunLimits } from '../../schemas/run.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { readRun } from './follow-run.ts'

/** Lets a run go on, and says from where to follow it. A finished run is reported from its last status on, so that its report is written again. */
export async function resumeRun(bus: Bus, state: PlannerState): Promise<{ runId: string; fromSeq: number }> {
  const { runId } = state.config
  return { runId, fromSeq: state.phase === 'done' ? await lastOf(bus, runId) : await resumeWithDeadLetters(bus, state) }
}

/** Where the log has a run's status last: what a person asked of an ended run comes after that, and changes nothing. */
export const lastOf = async (bus: Bus, runId: string): Promise<number> =>
  (await readRun(bus, runId)).findLast(({ name }) => name === StatusChanged.name)?.seq ?? 1

/**
 * Resumes a run and sends again what its agents gave up on: whoever resumes it has fixed the cause. Gives the place of the log from
 * which it goes on.
 */
export async function resumeWithDeadLetters(bus: Bus, state: PlannerState, limits?: RunLimits): Promise<number> {
  const seq = await sendCommand(bus, state, 'resume', { limits })
  for (const { id, message } of await bus.dead.list()) {
    if (message?.runId === state.config.runId) await bus.dead.redrive(id)
  }
  return seq
}

/** What an operator asks of a run. */
export type Action = PayloadOf<typeof OperatorCommand>['action']

/** Gives the message's place in the log. */
export async function sendCommand(
  bus: Bus,
  { config }: PlannerState,
  action: Action,
  more: Omit<PayloadOf<typeof OperatorCommand>, 'action'> = {},
): Promise<number> {
  const target = { runId: config.runId, variant: queuesOf(config).planner, id: `control:${action}:${randomUUID()}` }
  const { seq } = await bus.publish(OperatorCommand, target, { action, ...more })
  return seq
}

const shownRuns = 5

/**
 * The run named, or the only one that `isWanted` accepts.
 * @throws UsageError when there is none, or more than one
 */
export async function pickRun(
  bus: Bus,
  runId: string | undefined,
  isWanted: (state: PlannerState) => boolean,
): Promise<PlannerState> {
  const states = bus.kv('runs', PlannerState)
  const named = runId && (await states.get(runId))
  if (named) return named.value
  const found = runId ? [] : (await heldValues(states)).flatMap((held) => ('value' in held ? [held.value] : []))
  const fitting = found.filter(isWanted)
  if (fitting.length === 1) return fitting[0]!
  const wanted = runId
    ? `There is no run ${runId} on this bus.`
    : fitting.length > 0
      ? `There are ${fitting.length} runs that could be meant.`
      : 'There is no run to which this applies.'
  const latest = (runId ? [] : fitting).toSorted((a, b) => b.config.startedAt.localeCompare(a.config.startedAt))
  const names = latest.slice(0, shownRuns).map(({ config, status }) => `${config.runId} (${status})`)
  const last = names.length > 0 ? `The last: ${names.join(', ')}. ` : ''
  throw new UsageError(wanted, `${last}See them with "npx syllabus status" and name one.`)
}

/** The id of the run named, or of the only one that there is. @throws those of `pickRun` */
export const anyRunId = async (bus: Bus, runId: string | undefined): Promise<string> =>
  (await pickRun(bus, runId, () => true)).config.runId

type Given = { topology: string; teacher?: string; model?: string; planner?: string; student?: string; moved?: boolean }

/** The options that name the same agents; without them a run or a resume would want others, and is refused. */
const sameAgents = ({ topology, teacher, model, planner, student }: Given): string[] => [
  ...(topology === defaultTopology ? [] : ['--topology', topologyName(topology)]),
  ...(planner === undefined ? [] : ['--planner', planner]),
  ...(student === undefined ? [] : ['--student', student]),
  ...(teacher === undefined ? [] : ['--teacher', teacher]),
  ...(model === undefined ? [] : ['--model', model]),
]

/** What goes on with a run that these options were given for; its models and its student it knows itself. */
export const resumeAgain =
  ({ topology, teacher, planner, moved = false }: Given) =>
  (runId: string): string =>
    commandAgain([
      'resume',
      runId,
      ...sameAgents({ topology, ...(teacher !== undefined && { teacher }), ...(planner !== undefined && { planner }) }),
      ...(moved ? ['--moved'] : []),
    ])

/** What starts a run on agents that were started with these options. */
export const runOnThem = (given: Given): string => commandAgain(['run', ...sameAgents(given)])

const plain = /^[\w@%+=:,./-]+$/

const quoted = (word: string): string => (plain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

/** The command that was given, with some of its options at other values, as a person types it. */
export function commandAgain(args: readonly string[], options: Readonly<Record<string, number>> = {}): string {
  const changed = new Set(Object.keys(options))
  const kept = args.filter((word, at) => {
    const before = args[at - 1] ?? ''
    return !changed.has(word) && !changed.has(before) && !changed.has(word.split('=')[0] ?? '')
  })
  const values = Object.entries(options).flatMap(([name, value]) => [name, String(value)])
  return ['npx', 'syllabus', ...kept, ...values].map(quoted).join(' ')
}
