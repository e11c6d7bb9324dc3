import { connectBus, type Trouble } from '../../bus/mod.ts'
import type { AgentRole } from '../../schemas/role.ts'
import { fixOf, reasonOf } from '../../schemas/user-error.ts'
import type { AgentContext, AgentModule, StartedAgent } from './agent.ts'
import type { Launch } from './launch.ts'
import type { Log } from './log.ts'

type Starter = (context: AgentContext) => Promise<StartedAgent<AgentRole>>

function troubleOf(error: unknown): Trouble {
  const fix = fixOf(error)
  const reason = reasonOf(error)
  return { code: 'no-start', text: `cannot start: ${reason}`, ...(fix && { fix }) }
}

/** What starts the agent: the plug-in's code, else the role's own. */
function starterOf<R extends AgentRole>(module: AgentModule<R>, { variant, plugin }: Launch): Starter | undefined {
  const { plugin: open } = module
  if (plugin) return open && ((context) => open(context, plugin) as Promise<StartedAgent<AgentRole>>)
  return (module.variants as unknown as Record<string, Starter | undefined>)[variant]
}

/** Which code it is, where it is a plug-in. */
const presenceOf = ({ plugin }: Launch) =>
  plugin ? { plugin: { name: plugin.name, version: plugin.version, hash: plugin.hash } } : {}

/**
 * Runs one agent until `drain` aborts: connects, announces itself, works, then stops in two steps: it takes nothing more and
 * finishes what it has (bounded by drainMs), and aborts what is left.
 */
export async function hostAgent<R extends AgentRole>(
  module: AgentModule<R>,
  launch: Launch,
  log: Log,
  drain: AbortSignal,
): Promise<void> {
  const { role, variant, instance } = launch
  const start = starterOf(module, launch)
  if (!start)
    throw new Error(`unknown variant "${variant}" of ${role}; there is ${Object.keys(module.variants).join(', ')}`)
  const { servers, credentials, tls, sealed, queue = variant } = launch
  await using bus = await connectBus({
    servers,
    credentials,
    tls,
    role,
    variant,
    instance,
    log,
    sealed,
    limits: launch.bus,
    // Whoever started it has spoken to this server.
    isKnown: true,
  })
  const force = new AbortController()
  const contaminationKey = launch.contaminationKey ? Buffer.from(launch.contaminationKey, 'hex') : null
  const identity = { role, variant, instance }
  const { troubles } = bus
  if (launch.lastEnd) troubles.set('restart', { code: 'restarted', text: launch.lastEnd })
  await using _presence = bus.announce({ slots: launch.slots, queue, ...presenceOf(launch) })
  let isStalled = () => false
  const setWaiting: AgentContext['setWaiting'] = (reason, isUnderWay = () => true) => {
    troubles.set('work', reason === null ? null : { code: 'waits', text: reason })
    isStalled = () => reason !== null && !isUnderWay()
  }
  const setup = AbortSignal.any([drain, force.signal])
  const { options, home } = launch
  const onPluginFault: AgentContext['onPluginFault'] = (text, fix) => {
    log.error({ fix }, text)
    troubles.set('plugin', { code: 'plugin', text, fix })
  }
  const { plugin } = launch
  const context = {
    bus,
    identity,
    options,
    home,
    contaminationKey,
    log,
    setWaiting,
    signal: setup,
    plugin,
    onPluginFault,
  }
  const agent = await start(context).catch((error: unknown) => {
    if (!drain.aborted) troubles.set('start', troubleOf(error))
    throw error
  })
  const loop = bus.work(agent.handlers as never, {
    role,
    variant: queue,
    slots: launch.slots,
    drainMs: launch.drainMs,
    graceMs: launch.graceMs,
    isStalled: () => isStalled() || bus.isClosed,
    delivery: launch.delivery,
    signal: drain,
  })
  log.info('working')
  const steady = setTimeout(() => troubles.set('restart', null), bus.limits.troubles.restartedMs).unref()
  try {
    await Promise.race([loop.done, bus.refused])
  } finally {
    clearTimeout(steady)
    // One whose user is refused still has handlers that run.
    await loop.stop()
    force.abort()
    await agent.release?.()
    log.info('stopped')
  }
}
