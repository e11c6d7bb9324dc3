import { z } from 'zod'
import { RoundRecord } from '../../agents/critic/round-record.ts'
import { callsWithoutEntry, JournalEntry, usageOfReply } from '../../agents/kit/metered/journal.ts'
import { MeteredRecord } from '../../agents/kit/metered/ownership.ts'
import { spentInAll } from '../../agents/planner/budget-left.ts'
import type { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import { roundKey, shardKey } from '../../schemas/messages/generation.ts'
import { spentOn, spentTogether } from '../../schemas/spent.ts'
import { type PayingRole, Spent } from '../../schemas/usage.ts'

const buckets = {
  generator: { records: 'shards', journal: 'journal' },
  critic: { records: 'checks', journal: 'check-journal' },
  planner: { records: 'plans', journal: 'plan-journal' },
} as const

type Models = Readonly<Partial<Record<PayingRole, string>>>
/** What was paid for work of which nothing is reported yet, and how many replies came of it. */
export type Unfinished = { replies: number; spent: Spent }

/** What a finished piece of work says that it cost, a batch or a checked shard. */
const Finished = z.object({ spent: Spent })

const together = (parts: readonly Unfinished[]): Unfinished => ({
  replies: parts.reduce((sum, { replies }) => sum + replies, 0),
  spent: spentTogether(parts.map(({ spent }) => spent)),
})

/** A role's pieces of metered work under these keys: what each says that it cost, or else its journal and what was reserved beside. */
async function meteredWork(
  bus: Bus,
  role: keyof typeof buckets,
  models: Models,
  filter: string,
  isWanted: (key: string) => boolean,
): Promise<Unfinished> {
  const payer = { role, model: models[role] ?? 'unknown' }
  const work = bus.kv(buckets[role].records, MeteredRecord)
  const entries = bus.kv(buckets[role].journal, JournalEntry)
  const parts: Unfinished[] = []
  for (const key of (await work.keys(filter)).filter(isWanted)) {
    const record = (await work.get(key))?.value
    if (!record) continue
    const kept: JournalEntry[] = []
    for (const name of await entries.keys(`${key}.*`)) {
      const held = await entries.get(name)
      if (held) kept.push(held.value)
    }
    const lines = kept.map((entry) => usageOfReply(entry, { ...payer, stage: entry.stage, calls: entry.calls }))
    const calls = lines.reduce((left, line) => left - line.calls, record.reserved)
    if (calls > 0) lines.push(callsWithoutEntry({ ...payer, calls }, record.isExact))
    const spent = record.result ? (await bus.objects.getJson(record.result, Finished)).spent : spentOn(lines)
    parts.push({ replies: kept.filter((entry) => 'reply' in entry).length, spent })
  }
  return together(parts)
}

const checkedIn = async (bus: Bus, name: string): Promise<RoundRecord['done']> =>
  (await bus.kv('admission', RoundRecord).get(name))?.value.done ?? {}

/**
 * The metered work on those shards of an open round that are not checked yet: how many replies it was given, of which no row is made yet
 * (whoever goes on finds them in the journals), and everything spent on it. `models` names each role's model.
 */
export async function unfinishedWork(
  bus: Bus,
  { runId, attempt, round }: { runId: string; attempt: number; round: number },
  models: Models,
): Promise<Unfinished> {
  const name = roundKey(runId, { attempt, round })
  const shards = Object.keys(await checkedIn(bus, name))
  const checked = new Set(shards.map((shard) => shardKey(runId, { attempt, round }, Number(shard))))
  const isWanted = (key: string) => !checked.has(key)
  const roles = ['generator', 'critic'] as const
  return together(await Promise.all(roles.map((role) => meteredWork(bus, role, models, `${name}.*`, isWanted))))
}

/** Everything spent on a run so far: its state holds closed rounds and decisions that were taken, the journals hold the rest. */
export async function spentSoFar(bus: Bus, state: PlannerState): Promise<Spent> {
  const { config, control } = state
  const { runId, models } = config
  const attempts = [...state.attempts, ...(control ? [control] : [])]
  const open = attempts.filter(({ outcome }) => outcome === 'generating')
  const rounds = open.map(async ({ attempt, round }) => {
    const checked = Object.values(await checkedIn(bus, roundKey(runId, { attempt, round })))
    const unfinished = await unfinishedWork(bus, { runId, attempt, round }, models)
    return spentTogether([...checked.map(({ spent }) => spent), unfinished.spent])
  })
  const decided = new Set(attempts.map(({ attempt }) => `${runId}.a${attempt}`))
  const isUndecided = (key: string) => !decided.has(key.split('.').slice(0, 2).join('.'))
  const plans = await meteredWork(bus, 'planner', models, `${runId}.*.*`, isUndecided)
  return spentTogether([spentInAll(state), ...(await Promise.all(rounds)), plans.spent])
}
