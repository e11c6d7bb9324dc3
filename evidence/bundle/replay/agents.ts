import type { AgentContext, AgentModule, StartedAgent } from '../../../agents/kit/agent.ts'
import type { Log } from '../../../agents/kit/log.ts'
import type { Bus } from '../../../bus/mod.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Batch, Shard } from '../../../schemas/messages/generation.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import { UsageError } from '../../../schemas/user-error.ts'

type ShardPayload = PayloadOf<typeof Shard>
type Starter<R extends 'generator' | 'critic'> = (context: AgentContext) => Promise<StartedAgent<R>>

/** What an agent of a run needs to work again in this process. */
export type AgentSetting = {
  config: RunConfig
  /** Null where it is not known: then there is no critic. */
  contaminationKey: Uint8Array | null
  options: AgentContext['options']
  home: string
  log: Log
  signal: AbortSignal
}

/**
 * The run's generator.
 * @throws UsageError for a variant that is no longer there
 */
export async function openGenerator(bus: Bus, setting: AgentSetting) {
  const { handlers, release } = await start(
    (await import('../../../agents/generator/agent.ts')).generator,
    bus,
    setting,
  )
  return {
    make: (shard: ShardPayload) => handlers.shard(shard, handling(setting)),
    release: async () => release?.(),
  }
}

/**
 * The run's critic.
 * @throws as `openGenerator`
 */
export async function openCritic(bus: Bus, setting: AgentSetting) {
  const { handlers, release } = await start((await import('../../../agents/critic/agent.ts')).critic, bus, setting)
  return {
    check: (batch: PayloadOf<typeof Batch>) => handlers.batch(batch, handling(setting)),
    release: async () => release?.(),
  }
}

export function unpaid(shard: ShardPayload): ShardPayload {
  const none = (calls: number | undefined) => (calls === undefined ? undefined : 0)
  return { ...shard, maxCalls: none(shard.maxCalls), checkCalls: none(shard.checkCalls) }
}

function start<R extends 'generator' | 'critic'>(
  module: AgentModule<R>,
  bus: Bus,
  { config, contaminationKey, options, home, log, signal }: AgentSetting,
): Promise<StartedAgent<R>> {
  const role: 'generator' | 'critic' = module.role
  const variant = config.variants[role]
  const variants = module.variants as unknown as Record<string, Starter<R> | undefined>
  const open = variants[variant]
  if (!open)
    throw new UsageError(`There is no ${role} "${variant}" any more.`, 'Replay it with the version that made it.')
  const identity = { role, variant, instance: `replay-${role}` }
  return open({ bus, identity, options, home, contaminationKey, log, setWaiting() {}, signal })
}

const handling = ({ config, log, signal }: AgentSetting) => ({
  runId: config.runId,
  id: 'replay',
  seq: 0,
  attempt: 1,
  cause: { id: 'replay', traceparent: '' },
  signal,
  working() {},
  log,
})
