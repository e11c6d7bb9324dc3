import type { AgentContext } from '../../../agents/kit/agent.ts'
import { carriedRows } from '../../../agents/planner/attempt.ts'
import type { Bus } from '../../../bus/mod.ts'
import type { ObjectRef } from '../../../schemas/ids.ts'
import type { LogEntry } from '../../../schemas/log-entry.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import { Batch, Round, Shard, Verdict } from '../../../schemas/messages/generation.ts'
import { Program } from '../../../schemas/program.ts'
import { Row } from '../../../schemas/row.ts'
import { type AgentSetting, openCritic, openGenerator, unpaid } from './agents.ts'
import { JournalGap, replayBus } from './replay-bus.ts'

type ShardPayload = PayloadOf<typeof Shard>
type VerdictPayload = PayloadOf<typeof Verdict>

/**
 * One attempt made again (0 is the uniform control). `empty`: neither the run nor the replay has a row of it, so nothing was compared.
 * `error` says what was missing.
 */
export type Replayed = {
  attempt: number
  outcome: 'same' | 'empty' | 'differs' | 'impossible'
  rows: number
  datasetHash: string | null
  recordedHash: string | null
  error: string | null
}

export type ReplaySetting = Omit<AgentSetting, 'options'> & {
  bus: Bus
  entries: readonly LogEntry[]
  options: Readonly<Record<'generator' | 'critic', AgentContext['options']>>
}

/**
 * Makes the datasets of a run again, from its shards and its journal and without one call, by the same generator and critic. What an
 * attempt carries over comes from the replayed rows, so a difference is not healed by what was stored.
 */
export async function* replayRun(setting: ReplaySetting): AsyncGenerator<Replayed> {
  const { bus, recorded } = replayBus(setting.bus)
  const { options } = setting
  const generator = await openGenerator(bus, { ...setting, options: options.generator })
  const critic = await openCritic(bus, { ...setting, options: options.critic })
  const shards = payloadsOf(setting.entries, Shard.name, Shard.schema)
  const verdicts = payloadsOf(setting.entries, Verdict.name, Verdict.schema)
  const made: { attempt: number; dataset: ObjectRef | null }[] = []
  try {
    for (const [attempt, own] of Map.groupBy(shards, ({ round }) => round.attempt))
      yield await replayAttempt(attempt, own)
  } finally {
    await generator.release()
    await critic.release()
  }

  async function replayAttempt(attempt: number, own: readonly ShardPayload[]): Promise<Replayed> {
    const recorded = verdicts.filter((verdict) => verdict.attempt === attempt)
    const recordedHash = recorded.at(-1)?.datasetHash ?? null
    let last: VerdictPayload | null = null
    let dataset: ObjectRef | null = null
    try {
      dataset = await carried(own[0]!)
      for (const { round } of recorded) {
        last = await replayRound(
          own.filter((shard) => shard.round.round === round),
          dataset,
        )
        dataset = last.dataset
      }
    } catch (error) {
      if (!(error instanceof JournalGap)) throw error
      return {
        attempt,
        outcome: 'impossible',
        rows: last?.rows ?? 0,
        datasetHash: null,
        recordedHash,
        error: error.message,
      }
    } finally {
      made.push({ attempt, dataset })
    }
    const datasetHash = last?.datasetHash ?? null
    const isEmpty = (last?.rows ?? 0) === 0
    const outcome = datasetHash !== recordedHash ? 'differs' : isEmpty ? 'empty' : 'same'
    return { attempt, outcome, rows: last?.rows ?? 0, datasetHash, recordedHash, error: null }
  }

  async function carried({ round: { object } }: ShardPayload): Promise<ObjectRef | null> {
    const round = await bus.objects.getJson(object, Round)
    const program = await bus.objects.getJson(round.program, Program)
    const getRows = (ref: ObjectRef) => bus.objects.getLines(ref, Row)
    const rows = await carriedRows({ attempts: made }, program, { getRows })
    return rows.length > 0 ? bus.objects.putLines('LAB', `${setting.config.runId}/rows`, rows) : null
  }

  async function replayRound(own: readonly ShardPayload[], admitted: ObjectRef | null): Promise<VerdictPayload> {
    const round = await bus.objects.getJson(own[0]!.round.object, Round)
    const object = await bus.objects.putJson('LAB', `${setting.config.runId}/round`, { ...round, admitted })
    for (const shard of own) {
      await generator.make({ ...unpaid(shard), round: { ...shard.round, object } })
      await critic.check(Batch.schema.parse(recorded.get(Batch.name)))
    }
    return Verdict.schema.parse(recorded.get(Verdict.name))
  }
}

function payloadsOf<T>(entries: readonly LogEntry[], name: string, schema: { parse: (value: unknown) => T }): T[] {
  return entries.filter((entry) => entry.name === name).map(({ payload }) => schema.parse(payload))
}
