import type { Prediction } from '../../../schemas/runtime-protocol.ts'
import type { BadCase, ItemOutcome, Score, ScoreSheet } from '../../../schemas/score.ts'
import { goldsOf, type Item, type ReplyScore, type ScoreMode } from '../../../schemas/task.ts'
import type { ReplyScorer } from '../../../tasks/score-with.ts'

export type Graded = { item: Item; reply: string; outcome: ItemOutcome; score: ReplyScore }

/** Grades every item of a paper, one after the other. Errors: an item without a prediction, a prediction without an item, one id twice. */
export async function grade(
  items: readonly Item[],
  predictions: readonly Prediction[],
  score: ReplyScorer,
): Promise<Graded[]> {
  const byId = new Map(predictions.map((prediction) => [prediction.id, prediction]))
  if (byId.size !== predictions.length) throw new Error('two predictions have one id')
  if (byId.size !== items.length) throw new Error(`${byId.size} predictions were made for ${items.length} items`)
  const graded: Graded[] = []
  for (const item of items) {
    const prediction = byId.get(item.id)
    if (!prediction) throw new Error(`there is no prediction for item ${item.id}`)
    const verdict = await score(prediction.text, goldsOf(item), item)
    const { id, part, skill, group } = item
    const { strict, lenient } = verdict
    const outcome = { id, part, skill, ...(group && { group }), strict, lenient, cut: prediction.finish === 'length' }
    graded.push({ item, reply: prediction.text, outcome, score: verdict })
  }
  return graded
}

function tally(outcomes: readonly ItemOutcome[]): Score {
  const count = (mode: 'strict' | 'lenient') => ({
    correct: outcomes.filter((outcome) => outcome[mode]).length,
    total: outcomes.length,
  })
  return { strict: count('strict'), lenient: count('lenient') }
}

function tallyBy(outcomes: readonly ItemOutcome[], key: 'part' | 'skill'): Record<string, Score> {
  const groups = Object.groupBy(outcomes, (outcome) => outcome[key])
  return Object.fromEntries(Object.entries(groups).map(([name, group]) => [name, tally(group ?? [])]))
}

/** The score sheet of graded items: overall, by part, by skill. */
export function scoreSheet(outcomes: readonly ItemOutcome[]): ScoreSheet {
  return {
    overall: tally(outcomes),
    byPart: tallyBy(outcomes, 'part'),
    bySkill: tallyBy(outcomes, 'skill'),
    cut: outcomes.filter((outcome) => outcome.cut).length,
  }
}

/** Up to `perSkill` items of each skill that are wrong by `mode`, in the split's order, for the planner. Only ever called on validation. */
export function sampleBadCases(graded: readonly Graded[], perSkill: number, mode: ScoreMode): BadCase[] {
  const taken = new Map<string, number>()
  return graded
    .filter(({ outcome }) => !outcome[mode])
    .filter(({ item }) => {
      const count = taken.get(item.skill) ?? 0
      taken.set(item.skill, count + 1)
      return count < perSkill
    })
    .map(({ item, reply, score }) => ({
      id: item.id,
      skill: item.skill,
      part: item.part,
      input: item.input,
      expected: item.answer,
      reply,
      reason: score.reason,
    }))
}
