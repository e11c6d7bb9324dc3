import type { ArmRecord, PrimaryComparison } from '../../../schemas/messages/evaluation.ts'
import type { SealedResult } from '../../../schemas/sealed-results.ts'
import type { ArmDifference, ArmResult, Comparison, Contrasts } from '../contrasts.ts'
import { armDifference } from '../statistics/arm-difference.ts'
import { gainPercent } from '../statistics/gain.ts'
import { holm } from '../statistics/holm.ts'
import { mcNemar } from '../statistics/mcnemar.ts'
import { signFlip } from '../statistics/sign-flip.ts'
import {
  type ArmScores,
  armKinds,
  armScores,
  byName,
  inPart,
  type Mode,
  meansOf,
  ofSkill,
  together,
} from './arm-scores.ts'
import { pairsOf } from './named-seed.ts'
import { skillDifferences, skillsOf } from './skills.ts'

export type Opening = {
  test: readonly SealedResult[]
  records: readonly ArmRecord[]
  primary: PrimaryComparison
  named: boolean
  /** Every part of the test, and all of them. */
  parts: readonly string[]
  /** Of the sign flips that are drawn. */
  seed: number
}

/** What the sealed test says of each arm, and of the final against every other. */
export function contrastsOf({ test, records, primary, named, parts, seed }: Opening): Contrasts {
  const arms = armScores(test, records, armKinds)
  const results = withGains(arms.map((scores) => resultOf(scores, records, parts)))
  const final = arms.find(({ arm }) => arm === primary.arm)
  const others = arms.filter(({ arm, sameAs }) => arm !== primary.arm && sameAs !== primary.arm)
  const comparisons = final ? others.map((other) => compare(final, other, parts, primary.seedIndex, seed)) : []
  const against = others.find(({ arm }) => arm === primary.against)
  return {
    primary: { ...primary, named },
    arms: results,
    comparisons,
    adjusted: adjustedOf(comparisons, primary),
    skills: final && against ? skillDifferences(final, against, primary.mode) : [],
    leftOut: records.flatMap(({ arm, leftOut }) => (leftOut === null ? [] : [{ arm, reason: leftOut }])),
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
    const gain = (part: string, mode: Mode) =>
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

function compare(
  first: ArmScores,
  second: ArmScores,
  parts: readonly string[],
  seedIndex: number,
  seed: number,
): Comparison {
  const difference = (part: string, mode: Mode): ArmDifference | null => {
    const { items, groups, tables } = together([first, second], mode, inPart(part))
    const [one, two] = tables
    if (items === 0 || !one || !two) return null
    const { value, interval, byGroup } = armDifference(one, two)
    const { gained, lost } = pairsOf(first, second, seedIndex, mode, inPart(part))
    const seeds: [number, number] = [one.right.length, two.right.length]
    const flipped = Math.max(...seeds) > 1 || groups < items ? signFlip(byGroup, seed) : null
    return { items, groups, seeds, value, interval, gained, lost, mcNemar: mcNemar(gained, lost), signFlip: flipped }
  }
  return { of: first.arm, to: second.arm, parts: byName(parts, difference) }
}

/** Holm over the secondary comparisons: by sign flips where seeds were averaged or items come in groups, else by McNemar. */
function adjustedOf(
  comparisons: readonly Comparison[],
  { against, part, mode }: PrimaryComparison,
): Contrasts['adjusted'] {
  const secondary = comparisons.flatMap(({ to, parts }) => {
    const difference = to === against ? undefined : parts[part]?.[mode]
    if (!difference) return []
    const { signFlip, mcNemar } = difference
    return [{ to, test: signFlip === null ? ('mcnemar' as const) : ('sign-flip' as const), p: signFlip ?? mcNemar }]
  })
  const adjusted = holm(secondary.map(({ p }) => p))
  return secondary.map((one, index) => ({ ...one, adjusted: adjusted[index]! }))
}
