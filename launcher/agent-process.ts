import type { AgentModule } from '../agents/kit/agent.ts'
import { hostAgent } from '../agents/kit/host.ts'
import { identityVariable } from '../agents/kit/identity.ts'
import { Identity, Launch } from '../agents/kit/launch.ts'
import { createLog } from '../agents/kit/log.ts'
import { isPassing } from '../bus/mod.ts'
import { outerGone } from '../machine/outer-process.mjs'
import type { AgentRole } from '../schemas/role.ts'
import { fixOf, reasonOf } from '../schemas/user-error.ts'
import { exitCodes } from './console/exit-codes.ts'
import { openLaunchChannel, sendReport } from './launch-channel.ts'

/** The process entry of every agent. Each role's code is loaded in its own process only. */
const modules: { [R in AgentRole]: () => Promise<AgentModule<R>> } = {
  planner: async () => (await import('../agents/planner/agent.ts')).planner,
  generator: async () => (await import('../agents/generator/agent.ts')).generator,
  critic: async () => (await import('../agents/critic/agent.ts')).critic,
  'trainer-bridge': async () => (await import('../trainer-bridge/agent.ts')).trainerBridge,
  evaluator: async () => (await import('../agents/evaluator/agent.ts')).evaluator,
}

const { role, variant, instance } = Identity.parse(JSON.parse(process.env[identityVariable] ?? 'null'))
const log = createLog({ role, variant, instance })
const drain = new AbortController()
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => drain.abort(name))
// The supervisor hears of it a moment later, and drains its agents too.
process.on(outerGone, () => drain.abort(outerGone))
let isOver = false
// An agent does not outlive its supervisor. It ends at once: an embedded server ends as well, so that nothing could be given back, and a
// call that was begun now would be paid again.
const channel = openLaunchChannel(drain.signal, () => {
  isOver = true
  process.exit()
})
process.on('exit', (code) => {
  if (!isOver) log.fatal({ code }, 'ended in the middle of its work: nothing was left that could go on with it')
})

/** Says why to the log, and to whoever starts it again. */
function fail(error: unknown): void {
  isOver = true
  if (drain.signal.aborted) return
  const [reason, fix] = [reasonOf(error), fixOf(error)]
  log.fatal({ error: reason, fix, stack: error instanceof Error ? error.stack : undefined }, 'cannot work')
  // A server that is away comes back, so its agent is started again: nobody's input is at fault.
  process.exitCode = fix && !isPassing(error) ? exitCodes.badInput : exitCodes.failure
  sendReport({ reason, fix })
}

process.on('uncaughtException', (error) => {
  fail(error)
  process.exit()
})

try {
  const [module, launched] = await Promise.all([modules[role](), channel.launch])
  const launch = Launch.parse(launched)
  Object.assign(process.env, launch.environment)
  await hostAgent(module as AgentModule<AgentRole>, launch, log, drain.signal)
  process.exitCode = exitCodes.ok
} catch (error) {
  fail(error)
}
isOver = true
channel[Symbol.dispose]()
