import type { AgentModule } from '../../agents/kit/agent.ts'
import { hostAgent } from '../../agents/kit/host.ts'
import { identityVariable } from '../../agents/kit/identity.ts'
import { Identity, Launch } from '../../agents/kit/launch.ts'
import { createLog } from '../../agents/kit/log.ts'
import { isPassing } from '../../bus/mod.ts'
import type { AgentRole } from '../../schemas/role.ts'
import { mendOf } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { openLaunchChannel } from './launch-channel.ts'

/** The process entry of every agent. Each role's code is loaded in its own process only. */
const modules: { [R in AgentRole]: () => Promise<AgentModule<R>> } = {
  planner: async () => (await import('../../agents/planner/agent.ts')).planner,
  generator: async () => (await import('../../agents/generator/agent.ts')).generator,
  critic: async () => (await import('../../agents/critic/agent.ts')).critic,
  'trainer-bridge': async () => (await import('../../trainer-bridge/agent.ts')).trainerBridge,
  evaluator: async () => (await import('../../agents/evaluator/agent.ts')).evaluator,
}

const { role, variant, instance } = Identity.parse(JSON.parse(process.env[identityVariable] ?? 'null'))
const log = createLog({ role, variant, instance })
const drain = new AbortController()
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => drain.abort(name))
// An agent does not outlive its supervisor. It ends at once: an embedded server ends as well, so that nothing could be given back, and a call
// that was begun now would be paid again.
const channel = openLaunchChannel(drain.signal, () => process.exit())

try {
  const [module, launched] = await Promise.all([modules[role](), channel.launch])
  const launch = Launch.parse(launched)
  Object.assign(process.env, launch.environment)
  await hostAgent(module as AgentModule<AgentRole>, launch, log, drain.signal)
  process.exitCode = exitCodes.ok
} catch (error) {
  if (!drain.signal.aborted) {
    log.fatal({ error: error instanceof Error ? error.message : String(error), mend: mendOf(error) }, 'cannot work')
    // A server that is away comes back, so its agent is started again: nobody's input is at fault.
    process.exitCode = mendOf(error) && !isPassing(error) ? exitCodes.badInput : exitCodes.failure
  }
}
channel[Symbol.dispose]()
