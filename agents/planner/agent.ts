import type { Bus, Cause } from '../../bus/mod.ts'
import { canonicalJson } from '../../schemas/hash.ts'
import { registry } from '../../schemas/registry.ts'
import { Row } from '../../schemas/row.ts'
import { PublicTask } from '../../schemas/task.ts'
import { type VariantOf, variantsOf } from '../../schemas/variants.ts'
import { type AgentContext, type AgentModule, type StartedAgent, takeDeadLetters } from '../kit/agent.ts'
import { cachedJson } from '../kit/cache.ts'
import { policies } from './policies.ts'
import type { Policy } from './policy.ts'
import { type Outgoing, PlannerState } from './state.ts'
import { step } from './step.ts'
import type { PlannerEvent } from './step-context.ts'
import type { PlannerStore } from './store.ts'

/** The planner's blobs belong to their run and go with it. */
function storesOf(bus: Bus): (runId: string) => PlannerStore {
  const task = cachedJson(bus, PublicTask)
  return (runId) => ({
    task,
    putProgram: (program) => bus.objects.put('LAB', `${runId}/program`, Buffer.from(canonicalJson(program))),
    putRound: (round) => bus.objects.put('LAB', `${runId}/round`, Buffer.from(canonicalJson(round))),
    getRows: (ref) => bus.objects.getLines(ref, Row),
    putRows: (rows) => bus.objects.putLines('LAB', `${runId}/rows`, rows),
  })
}

async function publish(bus: Bus, runId: string, message: Outgoing, cause: Cause): Promise<void> {
  const definition = registry[message.name as keyof typeof registry]
  const to = { runId, id: message.id, cause }
  const payload = definition.schema.parse(message.payload)
  // The outbox holds any of the planner's messages; each was built by `outgoing`, where its payload is typed.
  if (definition.kind === 'work')
    await bus.publish(definition as never, { ...to, variant: message.variant! }, payload as never)
  else await bus.publish(definition as never, to, payload as never)
}

/** The reducer steered by a variant's policy: state in KV, written with its revision, messages by way of the outbox. */
async function start(policy: Policy, context: AgentContext): Promise<StartedAgent<'planner'>> {
  const { bus, signal, log } = context
  const runs = bus.kv('runs', PlannerState)
  const stores = storesOf(bus)

  async function apply(
    event: PlannerEvent,
    { runId, cause, signal }: { runId: string; cause: Cause; signal: AbortSignal },
  ): Promise<void> {
    const { value, revision } = await runs.modify(runId, (before) =>
      step(before, event, { policy, store: stores(runId), signal }),
    )
    for (const message of value.outbox) await publish(bus, runId, message, cause)
    // Another replica may have moved on: then it has the outbox too, and clears it.
    if (value.outbox.length > 0) await runs.update(runId, { ...value, outbox: [] }, revision)
  }

  const on =
    <K extends PlannerEvent['kind']>(kind: K) =>
    (
      payload: Extract<PlannerEvent, { kind: K }>['payload'],
      { id, ...context }: { runId: string; id: string; cause: Cause; signal: AbortSignal },
    ) =>
      apply({ kind, payload, id, at: new Date().toISOString() } as PlannerEvent, context)

  /** A dead letter of a run is an event like any other: the run says that it waits, and for what. */
  void takeDeadLetters(bus, { log, signal }, async ({ id, message, reason }) => {
    if (!message || !(await runs.get(message.runId))) return
    const payload = { deadLetter: id, message: message.name, reason }
    const event: PlannerEvent = { kind: 'fault', payload, id: `fault:${id}`, at: new Date().toISOString() }
    await apply(event, { runId: message.runId, cause: message, signal })
  })

  return {
    handlers: {
      'run-started': on('run-started'),
      'operator-command': on('operator-command'),
      tried: on('tried'),
      verdict: on('verdict'),
      report: on('report'),
      'final-eval-results': on('final-eval-results'),
      fault: on('fault'),
    },
  }
}

const policyNamed = (variant: VariantOf<'planner'>, context: AgentContext): Promise<Policy> =>
  policies[variant](async (mode) => (await import('./llm/open.ts')).openLlmPolicy(mode, context))

/** planner: designs the curriculum, decides how much more is wanted, and owns the loop. */
export const planner: AgentModule<'planner'> = {
  role: 'planner',
  variants: Object.fromEntries(
    variantsOf.planner.map((variant) => [
      variant,
      async (context: AgentContext) => start(await policyNamed(variant, context), context),
    ]),
  ) as AgentModule<'planner'>['variants'],
  async plugin(context, plugin) {
    const { openPluginPolicy } = await import('./plugin-policy.ts')
    const { policy, release } = await openPluginPolicy(context, plugin)
    return { ...(await start(policy, context)), release }
  },
}
