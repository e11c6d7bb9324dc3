import type { Program, Source } from '../../schemas/program.ts'

/** Calls for one candidate at most: its own, its votes, and thrice as many for revisions and tries that fail. */
const slack = 3
/** For a shard so small that one hard case would use its share. */
const spare = 8

/**
 * HTTP requests that each shard of a round may make. Their sum is never more than what is left of the run's limit, and rounds do
 * not overlap, so the limit holds whatever crashes. Undefined for a shard that prompts no teacher; null when nothing is left.
 */
export function allowances(
  pieces: readonly { source: Source; count: number }[],
  verification: Program['verification'],
  left: number,
): (number | undefined)[] | null {
  const perCandidate = slack * (1 + (typeof verification === 'string' ? 0 : verification.k))
  const wishes = pieces.map(({ source, count }) => (source.kind === 'prompt' ? count * perCandidate + spare : 0))
  const wished = wishes.reduce((sum, wish) => sum + wish, 0)
  if (wished > 0 && left <= 0) return null
  const share = Math.min(1, left / Math.max(1, wished))
  let before = 0
  return pieces.map(({ source }, index) => {
    if (source.kind !== 'prompt') return undefined
    const start = Math.floor(before * share)
    before += wishes[index]!
    return Math.floor(before * share) - start
  })
}
