import type { ArmRecord, PrimaryComparison } from '../../../schemas/messages/evaluation.ts'
import type { SealedResult } from '../../../schemas/sealed-results.ts'
import type { ScoreMode } from '../../../schemas/task.ts'
import type { SealedTrivial } from '../../../schemas/trivial.ts'
import type { ArmComparison, ArmDifference, ArmResult, Contrasts } from '../contrasts.ts'
import { gainPercent } from '../statistics/share.ts'
import { holm } from '../statistics/significance.ts'
import { type ArmScores, armKinds, armScores, byName, inPart, meansOf, ofSkill } from './arm-scores.ts'
import { differencesOf, skillDifferences, skillsOf } from './difference.ts'
import { inFavour, modalOf, modelOf, mostModal, replyFacts, silentReplies, withCollapsed } from './replies.ts'
import { trivialBaseline, type ValidationAnswers } from './trivial.ts'

export type FinalEvalNumber = {
  test: readonly SealedResult[]
  /** What answering the test without knowing anything scores. */
  trivial: readonly SealedTrivial[]
  records: readonly ArmRecord[]
  /** Why the base was not asked with the worked examples; undefined where it was. */
  examplesLeftOut?: string | undefined
  primary: PrimaryComparison
  named: boolean
  answers: ValidationAnswers
  /** Every part of the test, and all of them. */
  parts: readonly string[]
  /** Of the sign flips that are drawn. */
  seed: number
}

/** What the sealed test says of each arm, and of the final against every other. */
export function contrastsOf({
  test,
  trivial,
  answers,
  records,
  examplesLeftOut,
  primary,
  named,
  parts,
  seed,
}: FinalEvalNumber): Contrasts {
  const how = { seedIndex: primary.seedIndex, seed }
  const arms = withCollapsed(armScores(test, records, armKinds), trivial, primary.mode)
  const results = withGains(arms.map((scores) => resultOf(scores, records, parts)))
  const final = arms.find(({ arm }) => arm === primary.arm)
  const others = arms.filter(({ arm, sameAs }) => arm !== primary.arm && sameAs !== primary.arm)
  const comparisons = final
    ? others.map((other): ArmComparison => {
        const { silent, of } = silentReplies(other, primary.mode)
        const favoured = silent > 0 ? differencesOf(final, inFavour(other, final, primary.mode), parts, how) : null
        return {
          of: final.arm,
          to: other.arm,
          parts: differencesOf(final, other, parts, how),
          favoured: favoured && { silent, of, parts: favoured },
        }
      })
    : []
  const against = others.find(({ arm }) => arm === primary.against)
  const items = test[0]?.items ?? []
  return {
    primary: { ...primary, named },
    arms: results,
    comparisons,
    adjusted: adjustedOf(comparisons, primary),
    skills: final && against ? skillDifferences(final, against, primary.mode) : [],
    trivial: byName(parts, (part, mode) =>
      trivialBaseline(items, trivial, final, inPart(part), mode, { ...how, answers }),
    ),
    replies: arms.map((scores) => replyFacts(scores, modalOf(trivial, modelOf(scores, mostModal(scores))), answers)),
    leftOut: [
      ...(examplesLeftOut === undefined ? [] : [{ arm: 'base-examples' as const, reason: examplesLeftOut }]),
      ...records.flatMap(({ arm, leftOut }) => (leftOut === null ? [] : [{ arm, reason: leftOut }])),
    ],
  }
}

function resultOf(
  scores: ArmScores,
  records: readonly ArmRecord[],
  parts: readonly string[],
): Omit<ArmResult, 'gains'> {
  const { arm, sameAs, seeds } = scores
  return {
    arm,
    sameAs,
    seeds: seeds.map(({ index }) => index),
    rows: records.find((record) => record.arm === arm)?.rows ?? null,
    parts: meansOf(scores, parts),
    skills: meansOf(scores, skillsOf(scores), ofSkill),
  }
}

function withGains(arms: readonly Omit<ArmResult, 'gains'>[]): ArmResult[] {
  const base = arms.find(({ arm }) => arm === 'base')
  return arms.map((result) => {
    const gain = (part: string, mode: ScoreMode) =>
      gainPercent(result.parts[part]?.[mode].value ?? null, base?.parts[part]?.[mode].value ?? null)
    const parts = result === base || !base ? [] : Object.keys(result.parts)
    return {
      ...result,
      gains: Object.fromEntries(
        parts.map((part) => [part, { strict: gain(part, 'strict'), lenient: gain(part, 'lenient') }]),
      ),
    }
  })
}

/** Holm over the secondary comparisons: by sign flips where seeds were averaged or items come in groups, else by McNemar. */
function adjustedOf(
  comparisons: readonly ArmComparison[],
  { against, part, mode }: PrimaryComparison,
): Contrasts['adjusted'] {
  const secondary = comparisons.flatMap(({ to, parts, favoured }) => {
    const difference = to === against ? undefined : parts[part]?.[mode]
    if (!difference) return []
    const test = difference.signFlip === null ? ('mcnemar' as const) : ('sign-flip' as const)
    return [{ to, test, p: pOf(difference), inFavour: pOf(favoured?.parts[part]?.[mode] ?? difference) }]
  })
  const [adjusted, favoured] = [holm(secondary.map(({ p }) => p)), holm(secondary.map(({ inFavour }) => inFavour))]
  return secondary.map(({ inFavour: _, ...one }, index) => ({
    ...one,
    adjusted: adjusted[index]!,
    favoured: favoured[index]!,
  }))
}

/** The p of a difference by its own test. */
export const pOf = ({ signFlip, mcNemar }: Pick<ArmDifference, 'signFlip' | 'mcNemar'>): number => signFlip ?? mcNemar
