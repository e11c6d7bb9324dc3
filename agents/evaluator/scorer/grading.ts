import { plural } from '../../../schemas/number-text.ts'
import type { Prediction } from '../../../schemas/runtime-protocol.ts'
import type { BadCase, ItemOutcome, Score, ScoreSheet } from '../../../schemas/score.ts'
import { goldsOf, type Item, type ReplyScore, type ScoreMode } from '../../../schemas/task.ts'
import { answerForm } from '../../../tasks/answer-form.ts'
import { asDrawn } from '../../../tasks/draws.ts'
import type { TaskScorer } from '../../../tasks/score-with.ts'
import { answerKey, modalKey, whyNoAnswer } from './replies.ts'

export type Graded = { item: Item; reply: string; outcome: ItemOutcome; score: ReplyScore }

/**
 * Grades every item of an evaluation set, one after the other, and says of each reply whether it is an answer, and whether it is the modal
 * one.
 * @throws an item without a prediction, a prediction without an item, one id twice
 */
export async function grade(
  items: readonly Item[],
  predictions: readonly Prediction[],
  scorer: TaskScorer,
): Promise<Graded[]> {
  const byId = new Map(predictions.map((prediction) => [prediction.id, prediction]))
  if (byId.size !== predictions.length) throw new Error('two predictions have one id')
  if (byId.size !== items.length)
    throw new Error(
      `${byId.size} ${plural(byId.size, 'prediction was', 'predictions were')} made for ${items.length} ${plural(items.length, 'item')}`,
    )
  const form = await answerForm(items, scorer)
  const graded: Graded[] = []
  for (const item of asDrawn(items)) {
    const prediction = byId.get(item.id)
    if (!prediction) throw new Error(`there is no prediction for item ${item.id}`)
    const score = await scorer.score(prediction.text, goldsOf(item), item)
    const { id, part, skill, group } = item
    const { strict, lenient } = score
    const noAnswer = await whyNoAnswer(prediction, item, score, form)
    const truncated = prediction.finish === 'length'
    const outcome = {
      id,
      part,
      skill,
      ...(group && { group }),
      strict,
      lenient,
      truncated,
      ...(noAnswer && { noAnswer }),
    }
    graded.push({ item, reply: prediction.text, outcome, score })
  }
  return withModal(graded)
}

/** The outcomes with the student model's modal answer marked; none is where no answer comes twice. */
function withModal(graded: readonly Graded[]): Graded[] {
  const modal = modalKey(graded)
  return graded.map((each) =>
    modal !== null && answerKey(each) === modal
      ? { ...each, outcome: { ...each.outcome, modal: true as const } }
      : { ...each },
  )
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
    truncated: outcomes.filter((outcome) => outcome.truncated).length,
    ...counted('noAnswer', outcomes),
    ...counted('modal', outcomes),
  }
}

function counted(key: 'noAnswer' | 'modal', outcomes: readonly ItemOutcome[]): Partial<ScoreSheet> {
  const count = outcomes.filter((outcome) => outcome[key] !== undefined).length
  return count > 0 ? { [key]: count } : {}
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
