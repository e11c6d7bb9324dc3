import { alike, isScored, meanScore, type Strategy, type TriedAttempt } from './strategy.ts'

/**
 * Contenders are made and trained with a part of the rows; of every `of` the best one is promoted: made with all rows, its own among them
 * (Jamieson and Talwalkar, 2016). A bracket is as large as what is left pays for, and attempts of one generation have the same share, so
 * that no bridge waits for another one.
 */
export const successiveHalving: Strategy = (history, standing) => {
  const { parallel, left, best, contenders } = standing
  const { share, of } = contenders
  const open = contendersSinceLastFull(history)
  // What was left when the bracket began, so that its size stays as it is until it ends.
  const budget = left + open.length * share + 1e-9
  const promoted = Math.max(1, Math.min(parallel, Math.floor(budget / (1 + of * share))))
  const wanted = Math.min(of * promoted, Math.floor((budget - promoted) / share))
  if (wanted < 2) return alike({ from: best, share: 1 }, standing)
  if (open.length < wanted) {
    const more = { ...standing, parallel: Math.min(parallel, wanted - open.length) }
    return alike({ from: best, share }, more)
  }
  const ranked = open
    .filter(isScored)
    .toSorted((one, other) => meanScore(other) - meanScore(one) || one.attempt - other.attempt)
  if (ranked.length === 0) return alike({ from: best, share: 1 }, standing)
  const most = Math.min(promoted, Math.floor(left + 1e-9))
  return ranked.slice(0, most).map(({ attempt }) => ({ promotes: attempt, share: 1 }))
}

function contendersSinceLastFull(history: readonly TriedAttempt[]): TriedAttempt[] {
  const last = history.findLastIndex(({ share }) => share === 1)
  return history.slice(last + 1)
}
