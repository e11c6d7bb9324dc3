import { plural } from '../../../schemas/number-text.ts'
import { whyIncomplete } from '../../../tasks/reply/ending.ts'
import type { Reply } from './completion.ts'
import type { TeacherOutcome } from './request.ts'

/** What is known of an endpoint before it is asked. */
export type Standing = {
  /** Why every call would be in vain, as another process found a moment ago; null where none did. */
  refused: string | null
  /** How long a text of it took; null where it has given none, or none since an answer was of no use. */
  textMs: number | null
}

/**
 * Answers of no use of an endpoint that has given no text yet, as the processes of one session count them together; and that it has given
 * one, which all processes of a bus know.
 */
export type EndpointTrial = {
  /** As it was when it was last looked at. */
  readonly known: Standing
  look(): Promise<Standing>
  /** Counts so many more; without a number, the endpoint refuses everything. Gives how many there are. */
  fail(reason: string, more: number | null): Promise<number>
  /** Something speaks against what is known of its texts. */
  doubt(): void
  /** It gave a text, which took so long. */
  pass(textMs: number): void
}

export const nothingKnown: Standing = { refused: null, textMs: null }

/** The count of one process alone. */
export function createTrial(): EndpointTrial {
  let useless = 0
  let known = nothingKnown
  return {
    get known() {
      return known
    },
    look: async () => known,
    async fail(_, more) {
      known = nothingKnown
      useless += more ?? 0
      return useless
    },
    doubt() {
      known = nothingKnown
    },
    pass(textMs) {
      useless = 0
      known = { refused: null, textMs }
    },
  }
}

/** Says whether what an endpoint answers is of any use. */
export type Usefulness = {
  /** It has given this process a text, and has not refused everything since. */
  readonly isProven: boolean
  /** A request that was sent then ended; `isAgain`: its call was tried before. Gives why every other would be in vain, or null. */
  note(outcome: TeacherOutcome, sentAt: number, isAgain: boolean): Promise<string | null>
  /** It refuses everything: until it gives a text again it is on trial. `reason`: what keeps others from asking for a while, too. */
  refusedAll(reason: string | null): void
}

type Limits = { unreadAnswers: number; breakerRequests: number }

/**
 * U1  An endpoint that has given no text yet is given up after `unreadAnswers` answers of which nothing can be used, whoever got them. Once
 *     one call was refused in all words, refusals that lead to other words count as well.
 * U2  After that it is given up when half of `breakerRequests` that were sent again, one after the other, were in vain too: a login page in
 *     its place. An answer that can be read at the second time of asking costs no more than that.
 */
export function createUsefulness(
  { unreadAnswers, breakerRequests }: Limits,
  trial: EndpointTrial = createTrial(),
): Usefulness {
  const inARow = Math.max(unreadAnswers, Math.ceil(breakerRequests / 2))
  let unread = 0
  let isProven = false
  let refusedAt = Number.NEGATIVE_INFINITY
  /** In which case other words are no more likely to help. */
  let hasFailed = false
  return {
    get isProven() {
      return isProven
    },
    async note(outcome, sentAt, isAgain) {
      if (outcome.kind === 'reply') unread = 0
      if (outcome.kind === 'unread' && isAgain) unread += 1
      // What was on its way when everything was refused says nothing of what comes now.
      if (outcome.kind === 'reply' && !isEmptyReply(outcome) && !isProven && sentAt > refusedAt) {
        isProven = true
        trial.pass(performance.now() - sentAt)
      }
      const isReworded = outcome.kind === 'reworded' && hasFailed && !isProven
      const last = isReworded ? outcome.reason : uselessAnswer(outcome)
      if (last === null) return null
      if (!isProven) {
        // What was asked for in other words in vain, too, took two requests.
        const useless = await trial.fail(last, outcome.kind === 'refused' && isAgain && !hasFailed ? 2 : 1)
        hasFailed = true
        return useless < unreadAnswers
          ? null
          : `none of ${useless} ${plural(useless, 'answer')} could be used, the last: ${last}`
      }
      return outcome.kind === 'unread' && unread >= inARow
        ? `none of the last ${unread} ${plural(unread, 'request')} that were sent again had an answer that could be read, the last: ${last}`
        : null
    },
    refusedAll(reason) {
      isProven = false
      refusedAt = performance.now()
      if (reason === null) trial.doubt()
      else void trial.fail(reason, null).catch(() => {})
    },
  }
}

/** A reply that nothing ended early, and that has no text. */
const isEmptyReply = ({ reply }: Extract<TeacherOutcome, { kind: 'reply' }>): boolean =>
  reply.text.trim() === '' && !reply.refused && whyIncomplete(reply) === null

/** Where what an empty reply lacks stands, in brackets behind it. */
export const elsewhereText = ({ elsewhere }: Pick<Reply, 'elsewhere'>): string =>
  elsewhere === undefined ? '' : `; there are ${elsewhere}`

/** What came in place of a text, where it is not the prompt's fault; null where a text came, or nothing. */
function uselessAnswer(outcome: TeacherOutcome): string | null {
  switch (outcome.kind) {
    case 'unread':
    case 'forbidden':
      return outcome.reason
    case 'refused':
      return outcome.about === 'request' ? outcome.reason : null
    case 'passing':
      return outcome.unnamed ? outcome.reason : null
    case 'reply':
      return isEmptyReply(outcome) ? `an empty reply${elsewhereText(outcome.reply)}` : null
    default:
      return null
  }
}
