import { sha256 } from '../../../schemas/hash.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import { Batch, type Round, type Shard, shardKey, type TrialOutcome } from '../../../schemas/messages/generation.ts'
import { Progress } from '../../../schemas/messages/run.ts'
import type { Program, PromptSource } from '../../../schemas/program.ts'
import { PublicTask } from '../../../schemas/task.ts'
import { answerForm } from '../../../tasks/answer-form.ts'
import type { Sandbox } from '../../../tasks/sandbox/sandbox.ts'
import { openTaskScorer } from '../../../tasks/score-with.ts'
import type { AgentContext } from '../../kit/agent.ts'
import { cachedJson, memoByHash } from '../../kit/cache.ts'
import { noteUsable } from '../../kit/metered/usable-sources.ts'
import { openMeteredWork } from '../../kit/metered/work.ts'
import { callHooks } from '../../kit/sandbox/hooks.ts'
import { endpointOf } from '../../kit/teacher/options.ts'
import { shown } from '../../kit/teacher/quoted.ts'
import { promptRows } from './graph.ts'
import type { LlmGeneratorOptions } from './options.ts'
import type { RunHooks } from './read-reply.ts'

type ShardPayload = PayloadOf<typeof Shard>

/** Makes the batch of a shard whose source prompts a teacher. */
export type PromptWork = (
  work: { shard: ShardPayload; round: Round; program: Program; source: PromptSource },
  context: { runId: string; signal: AbortSignal; tried: (outcome: TrialOutcome) => Promise<void> },
) => Promise<PayloadOf<typeof Batch>>

/** Of the fields that are named: characters of one, at a time, and in all while the process lives. */
const [maxNameChars, maxShown, maxNamed] = [40, 8, 1000]

/** The wiring of the graph: each shard is one piece of paid work, whose result is its batch; hooks run in the sandbox given. */
export async function openPromptWork(
  context: AgentContext,
  options: LlmGeneratorOptions,
  sandbox: Sandbox,
): Promise<PromptWork> {
  const { bus } = context
  const taskOf = cachedJson(bus, PublicTask)
  const formOf = memoByHash(async (ref) => {
    const { validation, scorer } = await taskOf(ref)
    const form = await answerForm(validation, openTaskScorer(scorer))
    // The control is held to the mode that counts: taught another form, it would be a straw man.
    return { ...form, control: { fits: (reply: string) => form.fits(reply, scorer.primary) } }
  })
  const endpoint = endpointOf(options, process.env, 'agents.generator.options')
  const buckets = { role: 'generator', records: 'shards', journal: 'journal' } as const
  const metered = await openMeteredWork(context, buckets, options, (ref) => bus.objects.getJson(ref, Batch.schema))

  const hooksOf = ({ hooks }: PromptSource): RunHooks | null =>
    hooks ? (given, about) => callHooks(sandbox, hooks, given, about) : null

  const named = new Set<string>()
  /** Says once which fields of a source's replies are not used: the prompt may have asked for them in vain. */
  const unusedFields = (runId: string, source: string) => (fields: readonly string[]) => {
    const fresh = fields
      .map((field) => shown(field, maxNameChars))
      .filter((field) => !named.has(`${runId} ${source} ${field}`))
    if (fresh.length === 0 || named.size > maxNamed) return
    for (const field of fresh) named.add(`${runId} ${source} ${field}`)
    const { role, instance } = context.identity
    const names = fresh
      .slice(0, maxShown)
      .map((field) => `"${field}"`)
      .join(', ')
    const detail = `replies of source "${source}" hold fields that no row takes: ${names}; a parse hook can read them`
    const id = `progress:${instance}:unused:${sha256(`${runId} ${source} ${names}`).slice(0, 16)}`
    void bus
      .publish(Progress, { runId, id }, { role, instance, phase: 'generate', done: 0, total: 0, detail })
      .catch(() => {})
  }

  return async ({ shard, round, program, source }, { runId, signal, tried }) => {
    const { maxCalls = 0, checkCalls } = shard
    const key = shardKey(runId, round, shard.shard)
    const { value } = await metered({
      key,
      runId,
      maxCalls,
      signal,
      async make(call, spent) {
        const task = await taskOf(round.publicTask)
        const form = await formOf(round.publicTask)
        const made = await promptRows(
          shard,
          source,
          {
            call,
            program,
            task,
            hooks: hooksOf(source),
            limits: options,
            form: round.attempt === 0 ? form.control : form,
            tried(outcome) {
              if (outcome.usable) noteUsable(bus, { endpoint, model: options.model, source })
              return tried(outcome)
            },
            unused: unusedFields(runId, source.id),
          },
          signal,
        )
        const batch = { round: shard.round, shard: shard.shard, source: source.id, ...made, spent: spent(), checkCalls }
        return { stored: await bus.objects.putJson('LAB', `${runId}/batch`, batch), value: batch }
      },
    })
    return value
  }
}
