import { describe, expect, test } from 'vitest'
import { backlogShare, nextScale, type Scale, type ScalePolicy, startScale } from '../../../cluster/node/autoscale.ts'
import { createDice } from '../../support/dice.ts'

const policy: ScalePolicy = { least: 1, most: 8, slots: 4, step: 4, quietMs: 60_000 }
const lookMs = 2000
const noise = createDice(1)

/** The counts of each look at a backlog that changes with the agents that there are. */
function simulate(
  backlogAt: (atMs: number, count: number) => number,
  { forMs, from = startScale(policy), with: own = policy }: { forMs: number; from?: Scale; with?: ScalePolicy },
): { counts: number[]; scale: Scale } {
  const counts: number[] = []
  let scale = from
  for (let atMs = 0; atMs < forMs; atMs += lookMs) {
    scale = nextScale(scale, { backlog: backlogAt(atMs, scale.count), atMs }, own)
    counts.push(scale.count)
  }
  return { counts, scale }
}

/** How often a series of counts changes its direction. */
function turns(counts: readonly number[]): number {
  const steps = counts.slice(1).flatMap((count, index) => Math.sign(count - counts[index]!) || [])
  return steps.slice(1).filter((step, index) => step !== steps[index]).length
}

test('A2, A3: 500 shards bring 8 generators at once, and once they are done one is left, without flapping', () => {
  let left = 500
  // Each agent does one shard of its four slots in 8 s.
  const { counts } = simulate(
    (_atMs, count) => {
      left = Math.max(0, left - count)
      return left
    },
    { forMs: 400_000 },
  )
  expect(counts.slice(0, 3)).toEqual([5, 8, 8])
  expect(counts.at(-1)).toBe(1)
  expect(turns(counts)).toBe(1)
  const doneAt = counts.length - counts.toReversed().findIndex((count) => count > 1)
  expect(counts.slice(2, doneAt - policy.quietMs / lookMs).every((count) => count === 8)).toBe(true)
})

describe('A3: a backlog that goes up and down ends nobody', () => {
  test.each<[string, (atMs: number) => number]>([
    ['between rounds of a run it is nothing for half a minute', (atMs) => (atMs % 60_000 < 30_000 ? 100 : 0)],
    ['it is noise around the middle', () => noise.int(4, 28)],
    ['one look in ten finds nothing', (atMs) => (atMs % 20_000 === 0 ? 0 : 40)],
    ['it is at the edge of one agent more', (atMs) => (atMs % 4000 === 0 ? 16 : 17)],
  ])('%s', (_what, backlogAt) => {
    const { counts } = simulate(backlogAt, { forMs: 600_000 })
    expect(turns(counts)).toBe(0)
    expect(Math.max(...counts)).toBeGreaterThan(1)
  })
})

test.each<[string, number, number]>([
  ['nothing waits, or there is no consumer yet', 0, 1],
  ['what is worked on counts', 4, 1],
  ['one more than the slots', 5, 2],
  ['as many as the range allows', 1000, 8],
])('A1: %s: a backlog of %d wants %d', (_what, backlog, wanted) => {
  expect(simulate(() => backlog, { forMs: 20_000 }).counts.at(-1)).toBe(wanted)
})

test('a range that begins with 0 runs nothing while nothing waits', () => {
  const from0 = { ...policy, least: 0 }
  const idle = simulate(() => 0, { forMs: 20_000, from: startScale(from0), with: from0 })
  expect(idle.counts.every((count) => count === 0)).toBe(true)
  expect(simulate(() => 1, { forMs: 4000, from: idle.scale, with: from0 }).counts).toEqual([1, 1])
})

test('several nodes share a backlog by the ends of their ranges', () => {
  expect(backlogShare(90, { least: 1, most: 8 }, [])).toBe(90)
  expect(backlogShare(90, { least: 1, most: 8 }, [{ least: 1, most: 4 }])).toBe(60)
  expect(backlogShare(90, { least: 1, most: 4 }, [{ least: 1, most: 8 }])).toBe(30)
})
