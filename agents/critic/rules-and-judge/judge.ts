import { sha256 } from '../../../schemas/hash.ts'
import type { Judge } from '../../../schemas/program.ts'
import type { Row } from '../../../schemas/row.ts'
import type { Call } from '../../kit/paid/call.ts'
import type { Finding } from '../row-checks.ts'
import { callNameOf } from './call-name.ts'
import type { CheckLimits } from './options.ts'
import { markOf, prompts, quoted } from './prompts.ts'
import { readVerdict } from './verdict.ts'

/**
 * Asks for the row's score. Only the mark, which the row cannot know, makes a reply a verdict: a reply that is none is asked for
 * again, `judgeTries` times in all, and then the row is refused.
 */
export async function judgeRow(
  row: Row,
  { minScore, temperature }: Judge,
  { call, rubric, limits }: { call: Call; rubric: string; limits: Pick<CheckLimits, 'judgeTokens' | 'judgeTries'> },
): Promise<Finding> {
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
    const said = await call(callNameOf(row, 'judge', turn), request, 'judge')
    if (!('reply' in said)) return { rejected: 'unchecked' }
    const verdict = readVerdict(said.reply, mark)
    if (!verdict) continue
    if (verdict.score < minScore) return { rejected: 'judge' }
    const judge = {
      model: said.reply.model,
      score: verdict.score,
      promptHash: said.promptHash,
      replyHash: sha256(said.reply.text),
      rubricHash: sha256(system),
    }
    return { row: { ...row, origin: { ...row.origin, judge } } }
  }
  return { rejected: 'judge' }
}
