import { setTimeout as sleep } from 'node:timers/promises'
import type { Reporter } from '../../launcher/console/reporter.ts'
import type { Session } from '../../launcher/session.ts'
import { drainMsOf } from '../../launcher/supervisor.ts'
import { Batch, Verdict } from '../../schemas/messages/generation.ts'
import type { Topology } from '../../schemas/topology.ts'
import { asksModel } from '../../schemas/variants.ts'

const pollMs = 100

/**
 * Ends the agents of an interrupted run, so that nothing more is paid and nothing moves any more: those that ask a model, generators and
 * critic side by side, await the replies to what they have asked. Where no check asks a model, the critic then checks what is there, and the
 * planner hears of it. Each has the topology's time to drain; what is not finished by then is kept, and done by whoever goes on.
 */
export async function settle(session: Session, topology: Topology, reporter: Reporter): Promise<void> {
  const { generator, critic, planner } = topology.agents
  const { queues } = session
  const limitMs = (variant: string) => drainMsOf(variant, topology.supervisor)
  const seconds = (variant: string) => Math.round(limitMs(variant) / 1000)
  const isFree = !asksModel(critic.variant)
  reporter.line(`awaiting the replies to calls in flight, for ${seconds(generator.variant)} s at most`)
  await Promise.all([session.stop('generator'), isFree ? null : session.stop('critic')])
  if (isFree) reporter.line(`checking the rows that are there, for ${seconds(critic.variant)} s at most`)
  const waiting = async () =>
    (isFree ? await session.bus.waiting(Batch, queues.critic) : 0) +
    (await session.bus.waiting(Verdict, queues.planner))
  await untilTrue(async () => (await waiting()) === 0, limitMs(planner.variant))
  await session.stop()
}

async function untilTrue(isSo: () => Promise<boolean>, limitMs: number): Promise<void> {
  const until = performance.now() + limitMs
  while (!(await isSo()) && performance.now() < until) await sleep(pollMs)
}
