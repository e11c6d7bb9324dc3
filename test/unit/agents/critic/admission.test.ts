import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CheckedShard, openAdmission, type Quotas, quotasOf } from '../../../../agents/critic/admission.ts'
import { byIndex, candidatesInOrder } from '../../../../agents/critic/admit-round.ts'
import { createDuplicateIndex } from '../../../../agents/kit/dedup/duplicate-index.ts'
import type { RejectionReason, Row } from '../../../../schemas/row.ts'
import { compareRowIds } from '../../../../schemas/row.ts'
import { promptProgram } from '../../../support/prompt-program.ts'

const row = (source: string, index: number, input: string): Row => ({
  id: `a1.r1.${source}.${index}.0`,
  skill: source,
  source,
  instruction: 'Solve.',
  input,
  output: 'The answer is therefore \\boxed{1.00}.',
  origin: { generator: 'test' },
})

const sourceOf = (id: string) => ({ ...promptProgram({ rows: 1 }).sources[0]!, id, skill: id })

/** The pass over a closed round whose shards arrived so. */
async function admit(earlier: readonly Row[], shards: readonly CheckedShard[], quotas: Quotas) {
  const admission = openAdmission(quotas, createDuplicateIndex({ jaccard: 0.8 }))
  for (const each of earlier) admission.remember(each)
  const ordered = byIndex(shards)
  for (const shard of ordered) admission.count(shard)
  const admitted: Row[] = []
  for await (const candidate of candidatesInOrder(ordered))
    if (admission.decide(candidate).reason === null) admitted.push(candidate.row)
  return { admitted, ...admission.result() }
}

/** Shards of two sources; few distinct texts, so that duplicates are common, within and across shards. */
const shards = fc
  .array(
    fc.record({
      source: fc.constantFrom('north', 'south'),
      text: fc.integer({ min: 1, max: 30 }),
      rejected: fc.option(fc.constantFrom<RejectionReason>('format', 'wrong-answer'), { nil: null, freq: 6 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((candidates) => {
    const counts = { north: 0, south: 0 }
    const rows = candidates.map(({ source, text, rejected }) => ({
      row: row(
        source,
        counts[source as 'north' | 'south']++,
        `Ana sells ${text} red boxes to ${text + 1} shops in the old town.`,
      ),
      rejected,
    }))
    return (['north', 'south'] as const).flatMap((source) => {
      const own = rows.filter((each) => each.row.source === source)
      const pieces: CheckedShard[] = []
      for (let start = 0; start < own.length; start += 7) {
        const slice = own.slice(start, start + 7)
        pieces.push({ shard: (source === 'north' ? 0 : 100) + start, source, asked: slice.length + 1, rows: slice })
      }
      return pieces
    })
  })

const quotas = { bySource: { north: 8, south: 5 }, bySkill: { north: 8, south: 5 } }

describe('admission', () => {
  test('A1 gives the same rows whatever the order and however often shards arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        shards.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: 0 }))),
        async ([all, again]) => {
          const shuffled = [...again, ...all].reverse()
          expect(await admit([], shuffled, quotas)).toEqual(await admit([], all, quotas))
        },
      ),
    )
  })

  test('A2 admits no id and no text twice, in and across rounds', async () => {
    await fc.assert(
      fc.asyncProperty(shards, async (all) => {
        const first = (await admit([], all, quotas)).admitted
        const second = (await admit(first, all, quotas)).admitted
        const together = [...first, ...second]
        expect(new Set(together.map(({ id }) => id)).size).toBe(together.length)
        expect(new Set(together.map(({ input }) => input)).size).toBe(together.length)
      }),
    )
  })

  test('A3 gives each candidate one outcome and keeps to the quotas', async () => {
    await fc.assert(
      fc.asyncProperty(shards, async (all) => {
        const { admitted, bySource } = await admit([], all, quotas)
        for (const [source, counts] of Object.entries(bySource)) {
          const own = all.filter((shard) => shard.source === source)
          const refused = Object.values(counts.rejected).reduce((sum, count) => sum + count, 0)
          expect(counts.generated).toBe(own.reduce((sum, shard) => sum + shard.rows.length, 0))
          expect(counts.asked).toBe(own.reduce((sum, shard) => sum + shard.asked, 0))
          expect(counts.admitted + refused).toBe(counts.generated)
          expect(counts.admitted).toBeLessThanOrEqual(quotas.bySource[source as 'north' | 'south'])
          expect(admitted.filter((each) => each.source === source)).toHaveLength(counts.admitted)
        }
      }),
    )
  })

  test('a source whose rows are of another skill than planned cannot crowd the plan’s mix', async () => {
    const stray = [0, 1, 2].map((n) => ({ ...row('north', n, `North sells ${n + 3} kites.`), skill: 'south' }))
    const own = [0, 1].map((n) => row('south', n, `South sells ${n + 7} drums.`))
    const of = (shard: number, source: string, rows: Row[]): CheckedShard => ({
      shard,
      source,
      asked: rows.length,
      rows: rows.map((each) => ({ row: each, rejected: null })),
    })
    const plan = quotasOf({ north: 3, south: 2 }, [sourceOf('north'), sourceOf('south')])
    const { bySource } = await admit([], [of(0, 'north', stray), of(1, 'south', own)], plan)
    expect(bySource.north).toMatchObject({ admitted: 2, rejected: { unbalanced: 1 } })
    expect(bySource.south).toMatchObject({ admitted: 0, rejected: { unbalanced: 2 } })
  })

  test('counts the admitted rows that share the template of an evaluation item', async () => {
    const rows = [0, 1, 2].map((n) => ({
      row: row('north', n, `Ana sells ${n + 3} kites.`),
      rejected: null,
      alike: n < 2,
    }))
    const shard: CheckedShard = { shard: 0, source: 'north', asked: 3, rows: [...rows, { ...rows[0]!, alike: true }] }
    expect((await admit([], [shard], quotas)).templateOverlap).toBe(2)
  })

  test('candidates come by id though a prompt’s samples, and what was made of them, lie in several shards', async () => {
    const cuts = fc.record({
      prompts: fc.integer({ min: 1, max: 12 }),
      samples: fc.integer({ min: 1, max: 5 }),
      expanded: fc.integer({ min: 1, max: 3 }),
      size: fc.integer({ min: 1, max: 9 }),
      missing: fc.array(fc.nat(59)),
    })
    await fc.assert(
      fc.asyncProperty(cuts, async ({ prompts, samples, expanded, size, missing }) => {
        const shards: CheckedShard[] = []
        for (const [at, source] of ['south', 'north'].entries()) {
          for (let start = 0; start < prompts * samples; start += size) {
            const indexes = Array.from({ length: Math.min(size, prompts * samples - start) }, (_, i) => start + i)
            const rows = indexes
              .filter((index) => !missing.includes(index))
              .flatMap((index) =>
                Array.from({ length: expanded }, (_, more) => {
                  const id = `a1.r1.${source}.${Math.floor(index / samples)}.${(index % samples) + more * samples}`
                  return { row: { ...row(source, index, `${index}`), id }, rejected: null }
                }),
              )
            shards.push({ shard: 100 * at + start, source, asked: indexes.length, rows })
          }
        }
        const ids = (await Array.fromAsync(candidatesInOrder(byIndex(shards)))).map((each) => each.row.id)
        expect(ids).toEqual(ids.toSorted(compareRowIds))
        expect(ids).toHaveLength(shards.reduce((sum, { rows }) => sum + rows.length, 0))
      }),
    )
  })

  test('orders ids by number, not by letter', () => {
    const ids = [
      'a1.r1.north.10.0',
      'a1.r1.north.9.0',
      'a1.r10.north.0.0',
      'a1.r2.north.0.0',
      'a2.r1.north.0.0',
      'a1.r1.east.3.0',
    ]
    expect(ids.toSorted(compareRowIds)).toEqual([
      'a1.r1.east.3.0',
      'a1.r1.north.9.0',
      'a1.r1.north.10.0',
      'a1.r2.north.0.0',
      'a1.r10.north.0.0',
      'a2.r1.north.0.0',
    ])
  })

  test('the same problem with other numbers is another problem', async () => {
    const one: CheckedShard = {
      shard: 0,
      source: 'north',
      asked: 2,
      rows: [
        { row: row('north', 0, 'A coat costs 80.00. It is reduced by 20 percent. How much is saved?'), rejected: null },
        { row: row('north', 1, 'A coat costs 90.00. It is reduced by 25 percent. How much is saved?'), rejected: null },
      ],
    }
    expect((await admit([], [one], quotas)).admitted).toHaveLength(2)
  })
})
