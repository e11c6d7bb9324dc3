import { majorityOf, type Vote } from '../../../schemas/program.ts'
import type { Row } from '../../../schemas/row.ts'
import { userTurn } from '../../../schemas/task.ts'
import { whyIncomplete } from '../../../tasks/reply/ending.ts'
import type { Call } from '../../kit/metered/call.ts'
import type { Finding } from '../row-checks.ts'
import { callNameOf } from './call-name.ts'

export type VoteDeps = {
  call: Call
  /** The answer that a row ends in, by the task's scorer; null where it finds none. */
  answerOf: (row: Row) => Promise<string | null>
  /** Whether a solution of the row's question arrives at an answer, leniently. */
  agrees: (solution: string, answer: string, row: Row) => Promise<boolean>
  /** Longest solution in tokens. */
  maxTokens: number
}

/**
 * The teacher solves the row's question again without its answer. More than half of `k` solutions must agree with the row. As many
 * as make a majority are asked for first, the others only where they can still decide. A solution that is not whole agrees
 * with nothing. Where calls fail and what they would have said decides, the row is unchecked.
 */
export async function voteAbout(row: Row, { k, temperature }: Vote, deps: VoteDeps): Promise<Finding> {
  const answer = await deps.answerOf(row)
  if (answer === null) return { rejected: 'not-verified' }
  const messages = [{ role: 'user' as const, content: userTurn(row) }]
  let why: string | undefined
  const ask = async (turn: number): Promise<boolean | null> => {
    const request = { messages, sampling: { temperature, maxTokens: deps.maxTokens, seed: turn } }
    const solution = await deps.call(callNameOf(row, 'vote', turn), request, 'vote')
    if (!('reply' in solution)) {
      why ??= `a vote: ${solution.failure.reason}`
      return null
    }
    return whyIncomplete(solution.reply) === null && deps.agrees(solution.reply.text, answer, row)
  }
  const majority = majorityOf({ k })
  const askFor = (from: number, to: number) =>
    Promise.all(Array.from({ length: to - from }, (_, offset) => ask(from + offset)))
  const count = (votes: readonly (boolean | null)[], of: boolean) => votes.filter((vote) => vote === of).length
  const isLost = (votes: readonly (boolean | null)[]) => count(votes, false) > k - majority

  let votes = await askFor(0, majority)
  if (count(votes, true) < majority && !isLost(votes)) votes = [...votes, ...(await askFor(majority, k))]
  const agreed = count(votes, true)
  if (agreed < majority) return isLost(votes) ? { rejected: 'not-verified' } : { rejected: 'unchecked', why }
  const { teacher } = row.origin
  if (!teacher) return {}
  const checks = [...teacher.checks, `vote ${agreed}/${votes.length} of ${k}`]
  return { row: { ...row, origin: { ...row.origin, teacher: { ...teacher, checks } } } }
}
