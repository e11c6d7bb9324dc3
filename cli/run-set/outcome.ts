import { armSeedOf } from '../../schemas/arm.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { Opened, OpeningRequest } from '../../schemas/messages/evaluation.ts'
import { lastStatus, type Told } from '../follow-run.ts'

/** What became of one run of a set: the share right of each arm on the part that counts, its seeds averaged. */
export type RunOutcome = {
  runId: string
  seed: number
  status: string
  part: string
  mode: 'strict' | 'lenient'
  /** Empty for a run that opened no test. */
  scores: Record<string, number>
}

/** The outcome of a run from its log. */
export function outcomeOf(member: { runId: string; seed: number }, entries: readonly Told[]): RunOutcome {
  const status = lastStatus(entries)?.status ?? 'not begun'
  const request = parsed(entries, OpeningRequest)
  const opened = parsed(entries, Opened)
  const part = request?.primary?.part ?? ''
  const mode = request?.primary?.mode ?? 'strict'
  if (!request || !opened) return { ...member, status, part, mode, scores: {} }
  const shares = opened.results
    .filter(({ paper, candidate }) => paper === 'test' && candidate.arm !== 'submission')
    .map(({ candidate, sheet }) => {
      const { correct, total } = (sheet.byPart[part] ?? sheet.overall)[mode]
      return { arm: armSeedOf(candidate.name).arm as string, share: correct / total }
    })
  const byArm = Object.entries(Object.groupBy(shares, ({ arm }) => arm)).map(
    ([arm, each]) => [arm, each!.reduce((sum, { share }) => sum + share, 0) / each!.length] as const,
  )
  const scores = Object.fromEntries(byArm)
  for (const { arm, sameAs } of request.arms) if (sameAs !== null) scores[arm] = scores[sameAs]!
  return { ...member, status, part, mode, scores }
}

function parsed<M extends typeof OpeningRequest | typeof Opened>(
  entries: readonly Told[],
  message: M,
): PayloadOf<M> | null {
  const entry = entries.findLast(({ name }) => name === message.name)
  return entry ? (message.schema.parse(entry.payload) as PayloadOf<M>) : null
}
