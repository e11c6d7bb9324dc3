import { checkCallsOf, type Program, rowsPerReply, type Source } from '../../schemas/program.ts'

/** Calls asked for where one would do: for revisions, second questions and tries that fail. */
const slack = 3
/** For a shard so small that one hard case would use its share. */
const spare = 8

/** HTTP requests that one shard may cost: its generator's, and those of the critic that checks its rows. */
export type Allowance = { maxCalls?: number; checkCalls?: number }

/**
 * What each shard of a round may cost. The sum is never more than what is left of the run's limit, and rounds do not overlap, so the
 * limit holds whatever crashes. Where less is left than is wished, all get the same share of their wish, so that no more rows are
 * made than can be checked. Nothing for a shard that prompts no teacher.
 */
export function allowances(
  pieces: readonly { source: Source; count: number }[],
  program: Pick<Program, 'verification' | 'judge'>,
  left: number,
): Allowance[] {
  const wish = (calls: number) => (calls > 0 ? calls * slack + spare : 0)
  const wishes = pieces.flatMap(({ source, count }) =>
    source.kind === 'prompt' ? [wish(count), wish(count * rowsPerReply(source) * checkCallsOf(program))] : [0, 0],
  )
  const wished = wishes.reduce((sum, each) => sum + each, 0)
  const share = Math.min(1, left / Math.max(1, wished))
  let before = 0
  const granted = wishes.map((each) => {
    const start = Math.floor(before * share)
    before += each
    return Math.floor(before * share) - start
  })
  return pieces.map((_, index) => ({
    ...(wishes[2 * index]! > 0 && { maxCalls: granted[2 * index]! }),
    ...(wishes[2 * index + 1]! > 0 && { checkCalls: granted[2 * index + 1]! }),
  }))
}
