import { setTimeout as sleep } from 'node:timers/promises'
import type { Reporter } from '../../launcher/console/reporter.ts'
import type { Session } from '../../launcher/session.ts'
import { drainMsOf } from '../../launcher/supervisor.ts'
import { Batch, Verdict } from '../../schemas/messages/generation.ts'
import type { Topology } from '../../schemas/topology.ts'

const pollMs = 100

/**
 * Ends the agents of an interrupted run so that all that was paid for is in what is exported next, and nothing moves any more: the
 * generators finish their shards, the critic checks them, the planner hears of it. Each has the topology's time to drain; what is
 * not finished by then is kept, and done by whoever goes on.
 */
export async function settle(session: Session, topology: Topology, reporter: Reporter): Promise<void> {
  const { generator, critic, planner } = topology.agents
  const limitMs = (variant: string) => drainMsOf(variant, topology.supervisor)
  const seconds = (variant: string) => Math.round(limitMs(variant) / 1000)
  reporter.line(`finishing the shards in hand, for ${seconds(generator.variant)} s at most`)
  await session.stop('generator')
  reporter.line(`checking their rows, for ${seconds(critic.variant)} s at most`)
  const isChecked = async () =>
    (await session.bus.waiting(Batch, critic.variant)) + (await session.bus.waiting(Verdict, planner.variant)) === 0
  await untilTrue(isChecked, limitMs(critic.variant))
  await session.stop()
}

async function untilTrue(isSo: () => Promise<boolean>, limitMs: number): Promise<void> {
  const until = performance.now() + limitMs
  while (!(await isSo()) && performance.now() < until) await sleep(pollMs)
}
