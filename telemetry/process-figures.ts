import type { Backlog, Bus, Presence } from '../bus/mod.ts'
import { PayingRole } from '../schemas/usage.ts'
import type { MetricSample } from './metric-table.ts'
import type { OwnAgent, ServerAnswers } from './observed.ts'

const isOwn = (own: readonly OwnAgent[], { role, instance }: Presence) =>
  own.some((each) => each.role === role && each.instance === instance)

const asksModels: readonly string[] = PayingRole.options

/** What the agents of this process say of themselves with their presence, and how many there are everywhere. */
export function agentSamples(there: readonly Presence[], own: readonly OwnAgent[]): MetricSample[] {
  const counts = Map.groupBy(
    there.filter(({ role }) => role !== 'operator' && role !== 'gateway'),
    ({ role, variant }) => `${role} ${variant}`,
  )
  const all = [...counts.values()].map((same): MetricSample => {
    const { role, variant } = same[0]!
    return { name: 'syllabus_agents', labels: { role, variant }, value: same.length }
  })
  return [...all, ...there.filter((each) => isOwn(own, each)).flatMap(samplesOf)]
}

function samplesOf({ role, instance, slots, handling, figures, troubles = [] }: Presence): MetricSample[] {
  const of = { role, agent: instance }
  const codes = Map.groupBy(troubles, ({ code }) => code)
  const handled = Object.entries(figures?.handled ?? {}).flatMap(
    ([message, { seconds, ...outcomes }]): MetricSample[] => [
      { name: 'syllabus_agent_handling_seconds_total', labels: { ...of, message }, value: seconds },
      ...Object.entries(outcomes).map(
        ([outcome, value]): MetricSample => ({
          name: 'syllabus_agent_handled_messages_total',
          labels: { ...of, message, outcome },
          value,
        }),
      ),
    ],
  )
  return [
    ...handled,
    { name: 'syllabus_agent_in_flight_messages', labels: of, value: handling.length },
    ...(slots === undefined ? [] : [{ name: 'syllabus_agent_slots' as const, labels: of, value: slots }]),
    { name: 'syllabus_agent_reconnects_total', labels: of, value: figures?.reconnects ?? 0 },
    ...[...codes].map(
      ([code, same]): MetricSample => ({
        name: 'syllabus_agent_troubles',
        labels: { ...of, code },
        value: same.length,
      }),
    ),
    ...(asksModels.includes(role)
      ? [{ name: 'syllabus_agent_breaker_open' as const, labels: of, value: Number(codes.has('waits')) }]
      : []),
  ]
}

/** The name of the queues that are counted together. */
const otherQueues = 'other'

/**
 * Of so many queues what waits in each, those with most of it first, and of the further ones the sum: runs with queues of their own leave
 * them behind for as long as they may be gone on with.
 */
export function backlogSamples(waiting: readonly Backlog[], queueNames: number): MetricSample[] {
  const ofQueue = new Map<string, number>()
  for (const { queue, pending, unacknowledged } of waiting)
    ofQueue.set(queue, (ofQueue.get(queue) ?? 0) + pending + unacknowledged)
  const byName = [...ofQueue].sort(([one, most], [other, less]) => less - most || one.localeCompare(other))
  const shown = new Set(byName.slice(0, queueNames).map(([queue]) => queue))
  const samples = new Map<string, MetricSample>()
  for (const { role, queue, message, pending, unacknowledged } of waiting) {
    for (const [state, count] of Object.entries({ pending, unacknowledged })) {
      const labels = { role, queue: shown.has(queue) ? queue : otherQueues, message, state }
      const key = Object.values(labels).join(' ')
      const value = (samples.get(key)?.value ?? 0) + count
      samples.set(key, { name: 'syllabus_backlog_messages', labels, value })
    }
  }
  return [...samples.values()]
}

/** What waits in the server, and how full it is; nothing where it did not answer. */
export async function serverSamples({ backlog, streams }: ServerAnswers, queueNames: number): Promise<MetricSample[]> {
  const [waiting, stored] = await Promise.all([backlog(), streams()])
  return [
    ...backlogSamples(waiting ?? [], queueNames),
    ...(stored ?? []).flatMap(({ account, bytes, maxBytes, deadLetters }): MetricSample[] => [
      { name: 'syllabus_dead_letters', labels: { account }, value: deadLetters },
      { name: 'syllabus_log_bytes', labels: { account }, value: bytes },
      { name: 'syllabus_log_max_bytes', labels: { account }, value: maxBytes },
    ]),
  ]
}

/** Whether the server answers this process, as far as it knows. */
export const isConnected = (bus: Bus): boolean =>
  !bus.isClosed && !bus.isLost && !bus.troubles.now.some(({ code }) => code === 'server-away')
