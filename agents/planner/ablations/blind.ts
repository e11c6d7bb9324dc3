import type { Policy, Situation } from '../policy.ts'

/**
 * The planner variant `llm-blind`: best of k without feedback. Every program is a draft by the same planner, which sees no score and
 * no failed case, its own earlier attempts neither; only what must be fixed of the last program (Debug) or dataset (Repair) is shown.
 */
export function blind(policy: Policy): Policy {
  return { ...policy, draftsOnly: true, decide: (situation, signal) => policy.decide(blinded(situation), signal) }
}

/** A situation without anything that was measured on validation. */
export function blinded(situation: Situation): Situation {
  const { operation, history } = situation
  const isFix = operation === 'debug' || operation === 'repair'
  const unscored = {
    validation: null,
    badCases: [],
    causes: undefined,
    studentModel: null,
    halves: undefined,
    shownAs: undefined,
  }
  return {
    ...situation,
    base: null,
    best: null,
    sampleRows: [],
    siblings: situation.siblings?.map((attempt) => ({ ...attempt, ...unscored })),
    history: isFix ? history.slice(-1).map((attempt) => ({ ...attempt, ...unscored })) : [],
  }
}
