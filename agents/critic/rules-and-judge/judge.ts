import { readFileSync } from 'node:fs'
import { sha256 } from '../../../schemas/hash.ts'
import type { Judge } from '../../../schemas/program.ts'
import type { Row } from '../../../schemas/row.ts'
import type { MeteredCall } from '../../kit/metered/call.ts'
import type { RowFinding } from '../row-checks.ts'
import {
  callNameOf,
  type JudgeProbation,
  otherJudge,
  readJudgeScore,
  roomierJudge,
  type Unread,
} from './judge-score.ts'
import type { CheckLimits } from './options.ts'

export type JudgeDeps = {
  call: MeteredCall
  /** What rows are scored by. */
  rubric: string
  limits: Pick<CheckLimits, 'judgeTokens' | 'judgeTries'>
  probation: JudgeProbation
}

/**
 * Asks for the row's score. Only the mark, which the row cannot know, makes a reply a score: a reply that is none is asked for
 * again, `judgeTries` times in all, and then the row is refused for that.
 * @throws TerminalError for a judge of whom nothing can be read
 */
export const judgeRow = (row: Row, judge: Judge, deps: JudgeDeps): Promise<RowFinding> =>
  deps.probation.run(() => scoreRow(row, judge, deps))

async function scoreRow(
  row: Row,
  { minScore, temperature }: Judge,
  { call, rubric, limits, probation }: JudgeDeps,
): Promise<RowFinding> {
  let last: Unread | undefined
  let metered = 0
  const mark = markOf(row)
  const system = judgePrompts.judge({ rubric })
  const asked = judgePrompts.row({ mark, row: quoted(row) })
  for (let turn = 0; turn < limits.judgeTries; turn++) {
    const content = turn === 0 ? asked : `${asked}\n\n${judgePrompts.again({ mark })}`
    const messages = [
      { role: 'system' as const, content: system },
      { role: 'user' as const, content },
    ]
    const request = { messages, sampling: { temperature, maxTokens: limits.judgeTokens, seed: turn } }
    const called = await call(callNameOf(row, 'judge', turn), request, 'judge')
    if (!('reply' in called)) {
      const { why, reason } = called.failure
      // What an earlier owner was answered blocks nothing: the judge may have been set right since.
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

const read = (name: string) => readFileSync(new URL(`./prompts/${name}.md`, import.meta.url), 'utf8').trim()

/** A prompt file with its `<<name>>` places filled in; what is filled in is not looked at again. */
function template<Place extends string>(name: string): (values: Readonly<Record<Place, string>>) => string {
  const text = read(name)
  return (values) => text.replaceAll(/<<(\w+)>>/g, (_, place: Place) => values[place])
}

export const judgePrompts = {
  judge: template<'rubric'>('judge'),
  row: template<'mark' | 'row'>('row'),
  again: template<'mark'>('again'),
}

/** What rows are scored by where the task says nothing. */
export const defaultRubric = read('rubric')

/** Twelve characters that follow from the row and that its writer could not know, since the row would have to hold them. */
const markOf = ({ id, input, output }: Row): string => sha256(JSON.stringify([id, input, output])).slice(0, 12)

/** The row in JSON: its line breaks are escaped, so that no line of it can pass for one of ours. */
const quoted = ({ instruction, input, output }: Row): string => JSON.stringify({ instruction, input, output }, null, 1)
