import { TerminalError } from '../../../bus/mod.ts'
import type { TeacherOptions } from '../../kit/teacher/options.ts'
import type { Unread } from './judge-score.ts'

/** Keeps a judge whose replies hold no score from being asked about every row. One for all batches of a process. */
export type JudgeProbation = {
  /** Judges a row: alone as long as no score was ever read. Throws TerminalError while the judge is given up. */
  run<T>(judge: () => Promise<T>): Promise<T>
  read(): void
  /** So many replies about a row held no score; zero: none came. Throws TerminalError where none ever did. */
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
          ? `the judge gave no reply about any of ${rows} rows`
          : `none of the judge's ${asked} replies about ${rows} rows held a score that can be read`
      const reason = `${none}, the last: ${asked === 0 ? words : fault}. ${fix}`
      refusal = { reason, until: Date.now() + refusedPauseMs }
      rows = asked = 0
      words = ''
      throw new TerminalError(reason)
    },
  }
}
