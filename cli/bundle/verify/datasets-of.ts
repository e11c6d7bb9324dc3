import type { PayloadOf } from '../../../schemas/message.ts'
import type { Verdict } from '../../../schemas/messages/generation.ts'
import type { RunFacts } from '../../report/mod.ts'

type VerdictPayload = PayloadOf<typeof Verdict>

/** The last closed round of each attempt, in order of attempts. */
export function lastVerdicts({ verdicts }: RunFacts): VerdictPayload[] {
  const last = new Map<number, VerdictPayload>()
  for (const { payload } of verdicts) {
    const known = last.get(payload.attempt)
    if (!known || payload.round >= known.round) last.set(payload.attempt, payload)
  }
  return [...last.values()].sort((one, other) => one.attempt - other.attempt)
}
