import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { deriveSeed } from '../../../schemas/hash.ts'
import type { BadCase, ScoreSheet } from '../../../schemas/score.ts'
import type { PublicTask } from '../../../schemas/task.ts'
import type { Policy, Situation } from '../policy.ts'
import type { Attempt } from '../state.ts'

/**
 * The planner variant `llm-shuffled-feedback`: feedback of the right form that says nothing. Everything follows from the run's seed.
 * F1  An attempt is shown with the score sheet of one drawn from all that are scored, its skills' and its parts' scores permuted.
 * F2  The attempt to start from is drawn too. Which one is trained on in the end is chosen by the true scores, as of every planner.
 * F3  Failed cases are as many validation items drawn from all, each with a reply and a reason of another one.
 */
export function shuffled(policy: Policy): Policy {
  return {
    ...policy,
    startsFrom: (scored, { seed, attempt }) => sortKeys(seed, `start/${attempt}`).shuffle(scored)[0]!,
    decide: (situation, signal) => policy.decide(shuffledFeedback(situation), signal),
  }
}

export function shuffledFeedback(situation: Situation): Situation {
  const { base, best, history, seed, task } = situation
  const sheets = history.flatMap(({ validation }) => validation ?? [])
  const dealt = sortKeys(seed, `sheets/${situation.attempt}`).shuffle(sheets)
  const shuffledHistory = history.map((attempt): Attempt => {
    if (!attempt.validation) return attempt
    const sortKey = sortKeys(seed, `attempt/${situation.attempt}/${attempt.attempt}`)
    return {
      ...attempt,
      validation: permuted(dealt.pop()!, sortKey),
      badCases: anyCases(attempt.badCases, task, sortKey),
      causes: undefined,
    }
  })
  return {
    ...situation,
    base: base && permuted(base, sortKeys(seed, `base/${situation.attempt}`)),
    history: shuffledHistory,
    best: shuffledHistory.find(({ attempt }) => attempt === best?.attempt) ?? null,
  }
}

type SortKeys = { shuffle<T>(all: readonly T[]): T[] }

/** Permutations drawn from a seed for a purpose, one after another (Durstenfeld 1964). */
function sortKeys(seed: number, purpose: string): SortKeys {
  const random = xoroshiro128plus(deriveSeed(seed, `shuffled-feedback/${purpose}`))
  return {
    shuffle(all) {
      const order = [...all]
      for (let last = order.length - 1; last > 0; last--) {
        const other = uniformInt(random, 0, last)
        ;[order[last], order[other]] = [order[other]!, order[last]!]
      }
      return order
    },
  }
}

function permuted(sheet: ScoreSheet, { shuffle }: SortKeys): ScoreSheet {
  const reassigned = <T>(scores: Record<string, T>) => {
    const values = shuffle(Object.values(scores))
    return Object.fromEntries(Object.keys(scores).map((name, index) => [name, values[index]!]))
  }
  return { ...sheet, bySkill: reassigned(sheet.bySkill), byPart: reassigned(sheet.byPart) }
}

function anyCases(cases: readonly BadCase[], { validation }: PublicTask, { shuffle }: SortKeys): BadCase[] {
  const replies = shuffle(cases)
  return shuffle(validation)
    .slice(0, cases.length)
    .map(({ id, skill, part, input, answer }, index) => {
      const { reply, reason } = replies[index]!
      return { id, skill, part, input, expected: answer, reply, reason }
    })
}
