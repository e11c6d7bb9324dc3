import { z } from 'zod'
import { TerminalError } from '../../../bus/mod.ts'
import { plural } from '../../../schemas/number-text.ts'
import type { Row } from '../../../schemas/row.ts'
import { whyIncomplete } from '../../../tasks/reply/ending.ts'
import { wholeObject } from '../../../tasks/reply/objects.ts'
import type { Reply } from '../../kit/teacher/completion.ts'
import type { TeacherOptions } from '../../kit/teacher/options.ts'
import { quoted } from '../../kit/teacher/quoted.ts'
import { elsewhereText } from '../../kit/teacher/usefulness.ts'
import type { CheckLimits } from './options.ts'

const JudgeScore = z.strictObject({
  mark: z.string(),
  score: z.number().int().min(1).max(5),
  reason: z.string().max(4000),
})
export type JudgeScore = z.infer<typeof JudgeScore>

/** What is wrong with a reply, and what helps. */
export type Unread = { fault: string; fix: string }

export const otherJudge = 'Name another judge (agents.critic.options.model, --judge-model)'

export const roomierJudge =
  'Serve the judge with a larger context, name another one (agents.critic.options.model, --judge-model), or ask for shorter rows (contract)'

/**
 * The score of a whole reply that is one JSON object and nothing else (thoughts and a code fence apart) and carries the mark; why there
 * is none in every other. JSON is never looked for inside a text: the row could have put it there.
 */
export function readJudgeScore(
  reply: Pick<Reply, 'text' | 'refused' | 'refusal' | 'truncated' | 'stopped' | 'thinking' | 'elsewhere' | 'room'>,
  mark: string,
  { judgeTokens }: Pick<CheckLimits, 'judgeTokens'>,
): JudgeScore | Unread {
  const { text, refused, refusal = 'without a word' } = reply
  if (refused) return { fault: `the judge would not answer: ${refusal}`, fix: otherJudge }
  const incomplete = whyIncomplete(reply)
  if (incomplete !== null) {
    const isShort = reply.room === undefined && (reply.truncated || reply.thinking)
    return { fault: incomplete, fix: isShort ? `Raise agents.critic.options.judgeTokens (${judgeTokens})` : otherJudge }
  }
  if (text.trim() === '') return { fault: `it was empty${elsewhereText(reply)}`, fix: otherJudge }
  const object = wholeObject(text)
  const example = `: ${quoted(text)}`
  if (object === undefined) return { fault: `it was not one JSON object and nothing else${example}`, fix: otherJudge }
  const { data, error } = JudgeScore.safeParse(object)
  if (error)
    return {
      fault: `${error.issues[0]!.path.join('.') || 'it'}: ${error.issues[0]!.message}${example}`,
      fix: otherJudge,
    }
  return data.mark === mark ? data : { fault: `it lacked the mark of its row${example}`, fix: otherJudge }
}

/** Keeps a judge whose replies hold no score from being asked about every row. One for all batches of a process. */
export type JudgeProbation = {
  /** Judges a row: alone as long as no score was ever read. @throws TerminalError while the judge is given up */
  run<T>(judge: () => Promise<T>): Promise<T>
  read(): void
  /** So many replies about a row held no score; zero: none came. @throws TerminalError where none ever did */
  unread(replies: number, why: Unread): void
}

/**
 * J1  A judge of whom no score was read yet is asked about one row at a time, and given up after `unreadAnswers` rows.
 * J2  For `refusedPauseMs` after that no row is judged; then it is tried again.
 */
export function createJudgeProbation({
  unreadAnswers,
  refusedPauseMs,
}: Pick<TeacherOptions, 'unreadAnswers' | 'refusedPauseMs'>): JudgeProbation {
  let isProven = false
  let [rows, asked] = [0, 0]
  /** What its endpoint said itself, where what came later was found out without a request. */
  let words = ''
  let refusal = { reason: '', until: 0 }
  let last: Promise<unknown> = Promise.resolve()
  return {
    run(judge) {
      const begin = () => {
        if (Date.now() < refusal.until) throw new TerminalError(refusal.reason)
        return judge()
      }
      if (isProven) return begin()
      const turn = last.then(begin)
      last = turn.catch(() => {})
      return turn
    },
    read() {
      isProven = true
    },
    unread(replies, { fault, fix }) {
      rows += 1
      if (words === '' || fault.startsWith('HTTP ')) words = fault
      asked += replies
      if (isProven || rows < unreadAnswers) return
      const none =
        asked === 0
          ? `the judge gave no reply about any of ${rows} ${plural(rows, 'row')}`
          : `none of the judge's ${asked} ${plural(asked, 'reply', 'replies')} about ${rows} ${plural(rows, 'row')} held a score that can be read`
      const reason = `${none}, the last: ${asked === 0 ? words : fault}. ${fix}`
      refusal = { reason, until: Date.now() + refusedPauseMs }
      rows = asked = 0
      words = ''
      throw new TerminalError(reason)
    },
  }
}

/** The name of one call about a row among those of its shard: a shard has one source, so its index and sample say which row. */
export function callNameOf({ id }: Row, stage: 'vote' | 'judge', turn: number): string {
  const [index, sample] = id.split('.').slice(-2)
  return `${index}-${sample}-${stage}-${turn}`
}
