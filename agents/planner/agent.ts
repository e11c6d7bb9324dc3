import type { Bus, Cause } from '../../bus/mod.ts'
import { canonicalJson } from '../../schemas/hash.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import { registry } from '../../schemas/registry.ts'
import { Row } from '../../schemas/row.ts'
import { PublicTask } from '../../schemas/task.ts'
import { type AgentContext, type AgentModule, followDead, type StartedAgent } from '../kit/agent.ts'
import { memo } from '../kit/cache.ts'
import { generateStep } from './generate/step.ts'
import { policies, type SearchVariant } from './policies.ts'
import type { Policy } from './policy.ts'
import { type Outgoing, PlannerState } from './state.ts'
import { step } from './step.ts'
import type { PlannerEvent, StepDeps } from './step-context.ts'
import type { Store } from './store.ts'

/** The planner's blobs belong to their run and go with it. */
function storesOf(bus: Bus): (runId: string) => Store {
  const task = memo(
    (ref: ObjectRef) => bus.objects.getJson(ref, PublicTask),
    (ref) => ref.sha256,
  )
  return (runId) => ({
    task,
    putProgram: (program) => bus.objects.put('LAB', `${runId}/program`, Buffer.from(canonicalJson(program))),
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

type Reduce = (
  before: PlannerState | null,
  event: PlannerEvent,
  deps: Omit<StepDeps, 'policy'>,
) => Promise<PlannerState>

/** The search, steered by a policy. */
const search =
  (policy: Policy): Reduce =>
  (before, event, deps) =>
    step(before, event, { ...deps, policy })

const searching = (variant: SearchVariant) => async (context: AgentContext) => {
  const policy = await policies[variant](async (mode) => (await import('./llm/open.ts')).openLlmPolicy(mode, context))
  return start(context, search(policy))
}

/** The wiring that all planner variants share: state in KV, written with its revision, messages by way of the outbox. */
async function start(context: AgentContext, reduce: Reduce): Promise<StartedAgent<'planner'>> {
  const { bus, signal, log } = context
  const runs = bus.kv('runs', PlannerState)
  const stores = storesOf(bus)

  async function apply(
    event: PlannerEvent,
    { runId, cause, signal }: { runId: string; cause: Cause; signal: AbortSignal },
  ): Promise<void> {
    for (;;) {
      const current = await runs.get(runId)
      const next = await reduce(current?.value ?? null, event, { store: stores(runId), signal })
      const revision = !current
        ? await runs.create(runId, next)
        : next === current.value
          ? current.revision
          : await runs.update(runId, next, current.revision)
      if (typeof revision === 'string') continue
      for (const message of next.outbox) await publish(bus, runId, message, cause)
      // Another replica may have moved on: then it has the outbox too, and clears it.
      if (next.outbox.length > 0) await runs.update(runId, { ...next, outbox: [] }, revision)
      return
    }
  }

  const on =
    <K extends PlannerEvent['kind']>(kind: K) =>
    (
      payload: Extract<PlannerEvent, { kind: K }>['payload'],
      { id, ...context }: { runId: string; id: string; cause: Cause; signal: AbortSignal },
    ) =>
      apply({ kind, payload, id, at: new Date().toISOString() } as PlannerEvent, context)

  /** A dead letter of a run is an event like any other: the run says that it waits, and for what. */
  void followDead(bus, { log, signal }, async ({ id, message, reason }) => {
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

/** planner: designs the curriculum, decides how much more is wanted, and owns the loop. */
export const planner: AgentModule<'planner'> = {
  role: 'planner',
  variants: {
    rules: searching('rules'),
    random: searching('random'),
    'llm-one-shot': searching('llm-one-shot'),
    'llm-iterative': searching('llm-iterative'),
    'llm-blind': searching('llm-blind'),
    'llm-shuffled-feedback': searching('llm-shuffled-feedback'),
    'llm-repeat': searching('llm-repeat'),
    // It decides nothing: the program is the run's own.
    generate: (context) => start(context, generateStep),
  },
}
