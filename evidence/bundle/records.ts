import { z } from 'zod'
import { RoundRecord } from '../../agents/critic/round-record.ts'
import { JournalEntry } from '../../agents/kit/metered/journal.ts'
import { ObjectRef } from '../../schemas/ids.ts'
import { ItemOutcome } from '../../schemas/score.ts'
import { EvalSetItem } from '../../schemas/sealed-results.ts'
import type { RunFacts } from '../report/mod.ts'
import type { ItemTableName } from './manifest.ts'

/** A line of a journal: how one paid call ended. */
export const JournalLine = z.object({ key: z.string(), value: JournalEntry })
export type JournalLine = z.infer<typeof JournalLine>

/** A line of `rounds.jsonl`: which shards a round was closed with. */
export const RoundLine = z.object({ key: z.string(), value: RoundRecord })
export type RoundLine = z.infer<typeof RoundLine>

/** A line of `items/*.jsonl`: one item in the order of its set, and what it was for every student model. No question, no answer. */
export const ItemLine = EvalSetItem.extend({
  outcomes: z.record(z.string(), ItemOutcome.omit({ id: true, part: true, skill: true, group: true })),
})
export type ItemLine = z.infer<typeof ItemLine>

type Answered = { studentModel: string; items: readonly ItemOutcome[] }

/** What every student model had right, item by item, from the log. Where a ladder kept a score back, the items are those it showed. */
export function itemTable(facts: RunFacts, evalSet: ItemTableName): ItemLine[] {
  return linesOf(
    evalSet === 'validation'
      ? facts.reports.map(({ payload }) => ({ studentModel: payload.studentModel.name, items: payload.items }))
      : (facts.finalEval[0]?.payload.results ?? [])
          .filter((result) => result.evalSet === evalSet)
          .map(({ studentModel, items }) => ({ studentModel: studentModel.name, items })),
  )
}

function linesOf(answered: readonly Answered[]): ItemLine[] {
  const lines = new Map<string, ItemLine>()
  for (const { studentModel, items } of answered) {
    for (const { id, part, skill, group, ...outcome } of items) {
      const line = lines.get(id) ?? { id, part, skill, ...(group && { group }), outcomes: {} }
      line.outcomes[studentModel] = outcome
      lines.set(id, line)
    }
  }
  return [...lines.values()]
}

type PlacedRef = { place: string; ref: ObjectRef }

/**
 * Every object of LAB that a message names, with its place in the message. Left out are adapters, which are bundled by their hash
 * alone, as is the student's tokenizer, and the contamination index, which only the holder of its key could read. What lies in EXAM and
 * VAULT is sealed.
 */
export function* refsIn(value: unknown, place = ''): Generator<PlacedRef> {
  if (typeof value !== 'object' || value === null) return
  const found = ObjectRef.safeParse(value)
  if (found.success) {
    if (isBundled(found.data)) yield { place, ref: found.data }
    return
  }
  for (const [key, inner] of Object.entries(value))
    yield* refsIn(inner, Array.isArray(value) ? `${place}[${key}]` : place === '' ? key : `${place}.${key}`)
}

/** Whether an object names others: rounds do. */
export const namesOthers = ({ name }: ObjectRef): boolean => name.endsWith('/round')

const isBundled = ({ account, name }: ObjectRef): boolean =>
  account === 'LAB' && !['contamination', 'tokenizer'].includes(name) && !name.startsWith('adapter/')
