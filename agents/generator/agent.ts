import { type Cause, type Handler, TerminalError } from '../../bus/mod.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { Batch, type Round, shardKey, type TrialOutcome, Tried } from '../../schemas/messages/generation.ts'
import { PublicTask } from '../../schemas/task.ts'
import type { AgentContext, AgentModule, StartedAgent } from '../kit/agent.ts'
import { cachedJson } from '../kit/cache.ts'
import { noteUsable } from '../kit/metered/usable-sources.ts'
import { meteredOptions, openMeteredWork } from '../kit/metered/work.ts'
import { openRounds } from '../kit/rounds.ts'
import { endpointOf, TeacherOptions } from '../kit/teacher/options.ts'
import type { GeneratorDefinition, GeneratorServices, GeneratorWork, MadeShard } from '../sdk/generator.ts'
import { remoteDefinition, sharedKeys } from '../sdk/remote.ts'
import { checkedCall, noModel, progressOf, sandboxOf, servicesOf } from '../sdk/services.ts'
import { llm } from './llm/definition.ts'
import { checkedMade, failedShard } from './made.ts'
import { procedural, proceduralRows } from './procedural/definition.ts'

type BatchPayload = PayloadOf<typeof Batch>

/**
 * The handler of all generators: reads what a shard refers to, has its rows made, and publishes the batch. Each shard of one that asks a
 * model is one piece of metered work, whose result is its batch.
 */
async function start(context: AgentContext, definition: GeneratorDefinition): Promise<StartedAgent<'generator'>> {
  const { bus, identity, plugin } = context
  const { asksModel, sources = [] } = definition.declaration
  const task = cachedJson(bus, PublicTask)
  const { roundOf, programOf } = openRounds(bus)
  const sandbox = sandboxOf(context)
  const { make } = await definition.open(servicesOf(context))
  const buckets = { role: 'generator', records: 'shards', journal: 'journal' } as const
  const teacher = asksModel ? meteredOptions(context, TeacherOptions.strip()) : null
  const endpoint = teacher && endpointOf(teacher, process.env, 'agents.generator.options')
  const metered = teacher
    ? await openMeteredWork(context, buckets, teacher, (ref) => bus.objects.getJson(ref, Batch.schema))
    : null
  const shared = { sandbox: (source: string, ...args: readonly unknown[]) => sandbox.call(source, ...args) }

  /** What the definition makes of a shard; of a plug-in, once it is checked. */
  async function madeOf(work: GeneratorWork, round: Round, services: GeneratorServices): Promise<MadeShard> {
    if (!plugin) return make(work, services)
    const keys = { task: round.publicTask.sha256, program: round.program.sha256 }
    try {
      const made = await make({ ...work, [sharedKeys]: keys } as GeneratorWork, services)
      return checkedMade(made, work, plugin, context.onPluginFault)
    } catch (error) {
      services.signal.throwIfAborted()
      return failedShard(work, error)
    }
  }

  const shardHandler: Handler<'shard'> = async (shard, { runId, cause, signal }) => {
    const round = await roundOf(shard.round)
    const program = await programOf(round.program)
    const source = program.sources.find(({ id }) => id === shard.source)
    if (!source) throw new TerminalError(`the program of its round has no source "${shard.source}"`)
    if (!sources.includes(source.kind) && source.kind === 'prompt')
      throw new TerminalError(`source "${source.id}" wants a teacher: use the generator variant llm`)
    const work = { runId, shard, source, program, task: await task(round.publicTask) }
    const name = `a${round.attempt}.r${round.round}.s${shard.shard}`
    const tried = async (outcome: TrialOutcome) => {
      if (outcome.usable && teacher && endpoint && source.kind === 'prompt')
        noteUsable(bus, { endpoint, model: teacher.model, source })
      await bus.publish(
        Tried,
        { runId, variant: round.variants.planner, id: `tried:${name}`, cause },
        { attempt: round.attempt, round: round.round, shard: shard.shard, source: source.id, outcome },
      )
    }
    const services = { ...shared, tried, progress: progressOf(context, runId), signal }
    const place = { round: shard.round, shard: shard.shard, source: source.id }
    const batch = async (): Promise<BatchPayload> => {
      // A source of the task's procedure needs no teacher, so every generator makes its rows.
      if (!sources.includes(source.kind))
        return { ...place, ...(await proceduralRows(work, signal, identity.variant)), spent: nothing }
      if (!metered) return { ...place, ...(await madeOf(work, round, { ...services, call: noModel })), spent: nothing }
      const { maxCalls = 0, checkCalls } = shard
      const { value } = await metered({
        key: shardKey(runId, round, shard.shard),
        runId,
        maxCalls,
        signal,
        async make(call, spent) {
          const asking = plugin ? checkedCall(call, 'generate') : call
          const made = await madeOf(work, round, { ...services, call: asking })
          const value = { ...place, ...made, spent: spent(), checkCalls }
          return { stored: await bus.objects.putJson('LAB', `${runId}/batch`, value), value }
        },
      })
      return value
    }
    await publish(await batch(), { runId, round, name, cause, tried })
  }

  type Publishing = {
    runId: string
    round: Round
    name: string
    cause: Cause
    tried: (outcome: TrialOutcome) => Promise<void>
  }
  async function publish(batch: BatchPayload, { runId, round, name, cause, tried }: Publishing): Promise<void> {
    // A usable reply was reported as it came, but for work that another process finished.
    if (batch.trial) await tried(batch.trial)
    await bus.publish(Batch, { runId, variant: round.variants.critic, id: `batch:${name}`, cause }, batch)
  }

  return { handlers: { shard: shardHandler }, release: async () => sandbox[Symbol.asyncDispose]() }
}

const nothing: BatchPayload['spent'] = { calls: 0, inputTokens: 0, outputTokens: 0 }

/** generator: makes the candidates of one shard of rows. */
export const generator: AgentModule<'generator'> = {
  role: 'generator',
  variants: {
    procedural: async (context) => start(context, procedural),
    llm: async (context) => start(context, llm),
  },
  async plugin(context, { limits, ...plugin }) {
    const remote = remoteDefinition({ ...plugin, role: 'generator' }, limits, context.onPluginFault ?? (() => {}))
    const { handlers, release } = await start(context, remote as GeneratorDefinition)
    return {
      handlers,
      async release() {
        await release?.()
        await remote[Symbol.asyncDispose]()
      },
    }
  },
}
