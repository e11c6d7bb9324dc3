import { type Bus, RetryError, TerminalError } from '../../../bus/mod.ts'
import type { ObjectRef } from '../../../schemas/ids.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import { Batch, type Shard } from '../../../schemas/messages/generation.ts'
import { Progress } from '../../../schemas/messages/run.ts'
import { Program } from '../../../schemas/program.ts'
import { PublicTask } from '../../../schemas/task.ts'
import { scorerFor } from '../../../tasks/score-with.ts'
import type { AgentContext } from '../../kit/agent.ts'
import { memo } from '../../kit/cache.ts'
import type { BreakerState } from '../../kit/teacher/breaker.ts'
import { TeacherUnusable } from '../../kit/teacher/check.ts'
import { endpointOf, TeacherOptions } from '../../kit/teacher/options.ts'
import { createTeacher, TeacherRefused } from '../../kit/teacher/teacher.ts'
import { promptRows } from './graph.ts'
import { openJournal } from './journal.ts'
import { awaitClosed, NotOwner, ShardRecord, takeShard } from './ownership.ts'

type ShardPayload = PayloadOf<typeof Shard>

/** Makes the batch of a shard whose source prompts a teacher. */
export type PromptWork = (shard: ShardPayload, runId: string, signal: AbortSignal) => Promise<PayloadOf<typeof Batch>>

function optionsOf(options: AgentContext['options']): TeacherOptions {
  const parsed = TeacherOptions.safeParse(options)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new TeacherUnusable(
    `The generator "llm" has no usable options: ${path.join('.')}: ${message}.`,
    'Name the teacher in the topology: agents.generator.options.model.',
  )
}

/**
 * The wiring of the graph: ownership of the shard, its journal, the teacher and its breaker. A shard that is closed is not worked
 * on again: its batch is read.
 */
export function openPromptWork({ bus, identity, options, log }: AgentContext): PromptWork {
  const byHash = (ref: ObjectRef) => ref.sha256
  const taskOf = memo((ref: ObjectRef) => bus.objects.getJson(ref, PublicTask), byHash)
  const programOf = memo((ref: ObjectRef) => bus.objects.getJson(ref, Program), byHash)
  const active = new Map<string, number>()
  const teacher = createTeacher(endpointOf(process.env), optionsOf(options), (state) => {
    log.warn({ state }, 'circuit breaker of the teacher')
    for (const runId of active.keys()) void tellBreaker(bus, identity.instance, runId, state).catch(() => {})
  })
  const shards = bus.kv('shards', ShardRecord)

  const make = async (shard: ShardPayload, key: string, runId: string, signal: AbortSignal) => {
    const { round, source } = shard
    if (source.kind !== 'prompt') throw new TerminalError(`source "${source.id}" prompts no teacher`)
    const taken = await takeShard(shards, key, { owner: identity.instance, maxCalls: shard.maxCalls ?? 0 })
    if ('batch' in taken) return taken.batch
    const { instruction, scorer } = await taskOf(round.publicTask)
    const score = scorerFor(scorer)
    const program = await programOf(round.program)
    const journal = await openJournal(bus, { key, ownership: taken, teacher, signal })
    const made = await promptRows(shard, source, { call: journal.call, program, instruction, score }, signal)
    const spent = { calls: taken.spent(), ...journal.tokens() }
    const batch = { round, shard: shard.shard, source: source.id, ...made, spent }
    const stored = await bus.objects.putJson('LAB', `${runId}/batch`, batch)
    await taken.close(stored)
    return stored
  }

  return async (shard, runId, signal) => {
    const key = `${runId}.a${shard.round.attempt}.r${shard.round.round}.s${shard.shard}`
    active.set(runId, (active.get(runId) ?? 0) + 1)
    try {
      const stored = await make(shard, key, runId, signal).catch((error: unknown) => {
        if (error instanceof NotOwner) return awaitClosed(bus, key, signal)
        if (error instanceof TeacherRefused) throw new TerminalError(`the teacher refuses: ${error.message}`)
        throw error
      })
      if (!stored) throw new RetryError('the shard is not closed yet')
      return await bus.objects.getJson(stored, Batch.schema)
    } finally {
      const left = (active.get(runId) ?? 1) - 1
      if (left === 0) active.delete(runId)
      else active.set(runId, left)
    }
  }
}

const words: Readonly<Record<BreakerState, string>> = {
  open: 'the teacher fails; calls wait',
  'half-open': 'one call tries whether the teacher is back',
  closed: 'the teacher answers again',
}

async function tellBreaker(bus: Bus, instance: string, runId: string, state: BreakerState): Promise<void> {
  const id = `progress:${instance}:breaker:${process.pid}:${performance.now()}`
  const progress = { role: 'generator' as const, instance, phase: 'generate' as const, done: 0, total: 0 }
  await bus.publish(Progress, { runId, id }, { ...progress, detail: words[state] })
}
