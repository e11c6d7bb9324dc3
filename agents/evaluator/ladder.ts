import { sampleStandardDeviation } from 'simple-statistics'
import { z } from 'zod'
import type { Bus } from '../../bus/mod.ts'
import { Guide } from '../../schemas/guidance.ts'
import { sha256 } from '../../schemas/hash.ts'
import { ObjectRef } from '../../schemas/ids.ts'
import { ItemOutcome } from '../../schemas/score.ts'
import type { Item, ScoreMode } from '../../schemas/task.ts'
import { TrivialScore } from '../../schemas/trivial.ts'

/**
 * The parameter-free Ladder (Blum and Hardt, "The Ladder: a reliable leaderboard for machine learning competitions", 2015): a
 * student model is better than the best one shown only when its score is higher by more than s / sqrt(n), where s is the standard
 * deviation over the n items of the difference between the two.
 * @throws Error where the two did not answer the same items
 */
export function isAbove(next: readonly ItemOutcome[], best: readonly ItemOutcome[], mode: ScoreMode): boolean {
  const before = new Map(best.map((outcome) => [outcome.id, outcome]))
  if (before.size !== next.length || next.some(({ id }) => !before.has(id)))
    throw new Error('the two student models did not answer the same items')
  const gains = next.map((outcome) => Number(outcome[mode]) - Number(before.get(outcome.id)![mode]))
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length
  return gains.length > 1 && mean > sampleStandardDeviation(gains) / Math.sqrt(gains.length)
}

/** All that a report says of a student model's replies; shown or kept back together. */
const Shown = Guide.extend({ items: z.array(ItemOutcome), trivial: z.array(TrivialScore) })
type Shown = z.infer<typeof Shown>

/** What was shown for each student model of a run, and the best that was shown. */
const LadderRecord = z.object({
  best: z.object({ studentModel: z.string(), shown: ObjectRef }),
  decided: z.record(z.string(), z.object({ shownAs: z.string(), shown: ObjectRef })),
})

/**
 * Keeps a search from fitting validation by asking often: a student model that is not above the best one shown is answered with what
 * that one was answered with, so score, skill scores and bad cases tell nothing new.
 * G1  What was decided for a student model stays, however often it comes and whoever dies in between.
 */
export function createLadder(bus: Bus) {
  const records = bus.kv('ladders', LadderRecord)

  return {
    /** What the search is shown of a student model, and whose it is. */
    async pass(
      runId: string,
      studentModel: string,
      result: Shown,
      mode: ScoreMode,
    ): Promise<{ shownAs: string; shown: Shown }> {
      const { value } = await records.modify(runId, async (current) => {
        if (current?.decided[studentModel]) return current
        const best = current && (await bus.objects.getJson(current.best.shown, Shown))
        const top =
          !best || isAbove(result.items, best.items, mode)
            ? { studentModel, shown: await bus.objects.putJson('VAULT', `${runId}/ladder`, result) }
            : current.best
        const entry = { shownAs: top.studentModel, shown: top.shown }
        return { best: top, decided: { ...current?.decided, [studentModel]: entry } }
      })
      const { shownAs, shown } = value.decided[studentModel]!
      return { shownAs, shown: await bus.objects.getJson(shown, Shown) }
    },
  }
}

/**
 * Halves a split: the same halves for the same items in any order. Items of one group stay together, and each part and skill is
 * divided as evenly as its groups allow.
 */
export function halvesOf(items: readonly Item[]): { a: Set<string>; b: Set<string> } {
  const groups = Object.values(Object.groupBy(items, (item) => item.group ?? item.id)).map((group) => {
    const members = group!.toSorted((x, y) => (x.id < y.id ? -1 : 1))
    const { part, skill, id } = members[0]!
    return { members, stratum: `${part}/${skill}`, sortKey: sha256(id) }
  })
  const halves = { a: new Set<string>(), b: new Set<string>() }
  const strata = Object.groupBy(groups, (group) => group.stratum)
  for (const name of Object.keys(strata).toSorted()) {
    const size = { a: 0, b: 0 }
    for (const { members } of strata[name]!.toSorted((x, y) => (x.sortKey < y.sortKey ? -1 : 1))) {
      const half = size.a - size.b || halves.a.size - halves.b.size
      const to = half <= 0 ? 'a' : 'b'
      size[to] += members.length
      for (const { id } of members) halves[to].add(id)
    }
  }
  return halves
}
