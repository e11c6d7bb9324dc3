import { sha256 } from '../../../schemas/hash.ts'
import type { Judge } from '../../../schemas/program.ts'
import type { Row } from '../../../schemas/row.ts'
import type { Call } from '../../kit/metered/call.ts'
import type { Finding } from '../row-checks.ts'
import { callNameOf } from './call-name.ts'
import type { JudgeProbation } from './judge-probation.ts'
import { otherJudge, readJudgeScore, roomierJudge, type Unread } from './judge-score.ts'
import type { CheckLimits } from './options.ts'
import { markOf, prompts, quoted } from './prompts.ts'

export type JudgeDeps = {
  call: Call
  /** What rows are scored by. */
  rubric: string
  limits: Pick<CheckLimits, 'judgeTokens' | 'judgeTries'>
  probation: JudgeProbation
}

/**
 * Asks for the row's score. Only the mark, which the row cannot know, makes a reply a verdict: a reply that is none is asked for
 * again, `judgeTries` times in all, and then the row is refused for that. Errors: TerminalError for a judge of whom nothing can be read.
 */
export const judgeRow = (row: Row, judge: Judge, deps: JudgeDeps): Promise<Finding> =>
  deps.probation.run(() => scoreRow(row, judge, deps))

async function scoreRow(
  row: Row,
  { minScore, temperature }: Judge,
  { call, rubric, limits, probation }: JudgeDeps,
): Promise<Finding> {
  let last: Unread | undefined
  let metered = 0
  const mark = markOf(row)
  const system = prompts.judge({ rubric })
  const asked = prompts.row({ mark, row: quoted(row) })
  for (let turn = 0; turn < limits.judgeTries; turn++) {
    const content = turn === 0 ? asked : `${asked}\n\n${prompts.again({ mark })}`
    const messages = [
      { role: 'system' as const, content: system },
      { role: 'user' as const, content },
    ]
    const request = { messages, sampling: { temperature, maxTokens: limits.judgeTokens, seed: turn } }
    const called = await call(callNameOf(row, 'judge', turn), request, 'judge')
    if (!('reply' in called)) {
      const { why, reason } = called.failure
      // What an earlier owner was told holds nothing up: the judge may have been set right since.
      if (why !== 'budget' && !called.isKept)
        probation.unread(0, { fault: reason, fix: why === 'context' ? roomierJudge : otherJudge })
      return { rejected: 'unchecked', why: `the judge: ${reason}` }
    }
    const judged = readJudgeScore(called.reply, mark, limits)
    if ('fault' in judged) {
      // What was paid before is read again in any order, and costs nothing.
      if (!called.isKept) metered += 1
      last = judged
      continue
    }
    probation.read()
    if (judged.score < minScore) return { rejected: 'judge' }
    const judge = {
      model: called.reply.model,
      score: judged.score,
      promptHash: called.promptHash,
      replyHash: sha256(called.reply.text),
      rubricHash: sha256(system),
    }
    return { row: { ...row, origin: { ...row.origin, judge } } }
  }
  if (last && metered > 0) probation.unread(metered, last)
  return { rejected: 'judge-unread', ...(last && { why: `${last.fault}. ${last.fix}` }) }
}
