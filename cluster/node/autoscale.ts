import type { AgentRange } from './counts.ts'

/**
 * How many agents the backlog of a queue asks for. Pure, so that it is tested with a clock of its own.
 *
 * A1  wanted = ceil(backlog / slots), within the range. The backlog is what waits and what is worked on: without the latter agents in the
 *     middle of their work would be ended. It is what KEDA's scaler for NATS JetStream reads (num_pending + num_ack_pending, with
 *     lagThreshold = slots), so that both agree.
 * A2  More agents start at once, `step` at a time.
 * A3  Fewer are kept only once no look of the last `quietMs` has wanted more: a backlog that goes up and down ends nobody.
 */
export type ScalePolicy = AgentRange & {
  /** Messages that one agent works on at the same time. */
  slots: number
  step: number
  quietMs: number
}

export type Scale = {
  /** Agents to run now. */
  count: number
  /** What each look of the last `quietMs` wanted. */
  looks: readonly { atMs: number; wanted: number }[]
}

export const startScale = ({ least }: AgentRange): Scale => ({ count: least, looks: [] })

const wantedFor = (backlog: number, { least, most, slots }: ScalePolicy): number =>
  Math.min(most, Math.max(least, Math.ceil(backlog / slots)))

/** The scale after one more look. `atMs`: of a clock that never goes back. */
export function nextScale(scale: Scale, look: { backlog: number; atMs: number }, policy: ScalePolicy): Scale {
  const { atMs } = look
  const wanted = wantedFor(look.backlog, policy)
  const looks = [...scale.looks.filter((each) => atMs - each.atMs < policy.quietMs), { atMs, wanted }]
  const highest = Math.max(...looks.map((each) => each.wanted))
  const count = wanted > scale.count ? Math.min(wanted, scale.count + policy.step) : Math.min(scale.count, highest)
  return { count: Math.max(count, policy.least), looks }
}

/** The part of a backlog that is this node's where several nodes scale by it: as its range's end is of all of theirs. */
export const backlogShare = (backlog: number, own: AgentRange, others: readonly AgentRange[]): number => {
  const all = others.reduce((sum, { most }) => sum + most, own.most)
  return (backlog * own.most) / all
}
