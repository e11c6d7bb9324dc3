import { moneyOf } from '../../schemas/spent.ts'
import { analysesSpent, callsOfModel, rowsSpent, spentInAll } from './budget-left.ts'
import { generationOf, partsOf } from './generation.ts'
import type { Attempt, PlannerState } from './state.ts'

type Own = Pick<Attempt, 'attempt' | 'generation' | 'parts'>

/**
 * G2: a run as one of several attempts sees it that are made at the same time: without the others, and with its share of what was left of
 * each limit before them. The shares add up to no more than what was left, and no crash and no faster bridge changes them.
 */
export function shareOf(state: PlannerState, own: Own): PlannerState {
  const parts = partsOf(own)
  if (own.attempt === 0 || parts === 1) return state
  const attempts = state.attempts.filter((each) => generationOf(each) !== generationOf(own))
  const before = { ...state, attempts }
  const { limits, prices } = state.config
  const all = spentInAll(before)
  const share = (limit: number | null, used: number) =>
    limit === null ? null : used + Math.floor(Math.max(0, limit - used) / parts)
  return {
    ...state,
    attempts: state.attempts.filter((each) => each.attempt === own.attempt || attempts.includes(each)),
    config: {
      ...state.config,
      limits: {
        ...limits,
        teacherCalls: share(limits.teacherCalls, rowsSpent(before).calls),
        analystCalls: share(limits.analystCalls, analysesSpent(before).calls),
        tokens: share(limits.tokens, all.inputTokens + all.outputTokens),
        money: limits.money === null ? null : moneyShare(limits.money, moneyOf(all, prices) ?? 0, parts),
        modelCalls: Object.fromEntries(
          Object.entries(limits.modelCalls).map(([model, limit]) => [model, share(limit, callsOfModel(all, model))!]),
        ),
        maxShardsInFlight:
          limits.maxShardsInFlight === null ? null : Math.max(1, Math.floor(limits.maxShardsInFlight / parts)),
      },
    },
  }
}

const moneyShare = (limit: number, used: number, parts: number): number => used + Math.max(0, limit - used) / parts
