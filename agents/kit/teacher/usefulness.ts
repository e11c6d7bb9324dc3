import { whyIncomplete } from '../../../tasks/reply/ending.ts'
import type { Reply } from './completion.ts'
import type { Outcome } from './request.ts'

/** Says whether what an endpoint answers is of any use. */
export type Usefulness = {
  /** A request ended; `isAgain`: its call was tried before. Gives why every other would be in vain, or null. */
  note(outcome: Outcome, isAgain: boolean): string | null
}

type Limits = { unreadAnswers: number; breakerRequests: number }

/**
 * U1  An endpoint that has given no text yet is given up after `unreadAnswers` answers of which nothing can be used.
 * U2  After that it is given up when half of `breakerRequests` that were sent again, one after the other, were in vain too: a login page in
 *     its place. An answer that can be read at the second time of asking costs no more than that.
 */
export function createUsefulness({ unreadAnswers, breakerRequests }: Limits): Usefulness {
  const inARow = Math.max(unreadAnswers, Math.ceil(breakerRequests / 2))
  let unread = 0
  let useless = 0
  let isProven = false
  return {
    note(outcome, isAgain) {
      if (outcome.kind === 'reply') unread = 0
      if (outcome.kind === 'unread' && isAgain) unread += 1
      isProven ||= outcome.kind === 'reply' && !isEmpty(outcome)
      const last = uselessAnswer(outcome)
      if (last === null) return null
      useless += 1
      if (!isProven && useless >= unreadAnswers) return `none of ${useless} answers could be used, the last: ${last}`
      return outcome.kind === 'unread' && isProven && unread >= inARow
        ? `none of the last ${unread} requests that were sent again had an answer that could be read, the last: ${last}`
        : null
    },
  }
}

/** A reply that nothing ended early, and that has no text. */
export const isEmpty = ({ reply }: Extract<Outcome, { kind: 'reply' }>): boolean =>
  reply.text.trim() === '' && !reply.refused && whyIncomplete(reply) === null

/** Where what an empty reply lacks stands, in brackets behind it. */
export const elsewhereText = ({ elsewhere }: Pick<Reply, 'elsewhere'>): string =>
  elsewhere === undefined ? '' : `; there are ${elsewhere}`

/** What came in place of a text, where it is not the prompt's fault; null where a text came, or nothing. */
function uselessAnswer(outcome: Outcome): string | null {
  switch (outcome.kind) {
    case 'unread':
      return outcome.reason
    case 'refused':
      return outcome.about === 'request' ? outcome.reason : null
    case 'passing':
      return outcome.unnamed ? outcome.reason : null
    case 'reply':
      return isEmpty(outcome) ? `an empty reply${elsewhereText(outcome.reply)}` : null
    default:
      return null
  }
}
