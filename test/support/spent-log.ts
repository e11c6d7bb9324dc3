import type { StoredEntry } from '../../bus/mod.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { Batch, Verdict } from '../../schemas/messages/generation.ts'
import type { Decision } from '../../schemas/messages/run.ts'
import { spentTogether } from '../../schemas/spent.ts'
import type { Spent, UsageLine } from '../../schemas/usage.ts'
import { type TraceLogOptions, traceLog } from './trace-log.ts'

const line = (of: Omit<UsageLine, 'calls' | 'inputTokens' | 'outputTokens'>, calls: number): UsageLine => ({
  ...of,
  calls,
  inputTokens: 40 * calls,
  outputTokens: 30 * calls,
})
const spent = (...lines: UsageLine[]): Spent =>
  spentTogether([{ ...line(lines[0]!, 0), lines: [] }, ...lines.map((each) => ({ ...each, lines: [each] }))])

/** A made-up run whose planner, generators and critics have asked models: the teacher for rows and votes, another for programs. */
export function spentLog(options: TraceLogOptions = {}): StoredEntry[] {
  const rounds = new Map<string, Spent[]>()
  return traceLog(options).map((entry): StoredEntry => {
    if (entry.name === 'decision') {
      const payload = entry.payload as PayloadOf<typeof Decision>
      const asked = spent(
        line({ role: 'planner', model: 'acme/planner', stage: 'plan' }, 1),
        line({ role: 'planner', model: 'acme/planner', stage: 'program' }, 2),
      )
      return { ...entry, payload: { ...payload, model: 'acme/planner', spent: asked } }
    }
    if (entry.name === 'batch') {
      const payload = entry.payload as PayloadOf<typeof Batch>
      const asked = spent(
        line(
          { role: 'generator', model: 'acme/teacher', endpoint: 'teacher.test', stage: 'generate' },
          payload.candidates.length + 1,
        ),
      )
      const key = `${payload.round.attempt}.${payload.round.round}`
      rounds.set(key, [...(rounds.get(key) ?? []), asked])
      return { ...entry, payload: { ...payload, spent: asked } }
    }
    if (entry.name === 'verdict') {
      const payload = entry.payload as PayloadOf<typeof Verdict>
      const own = spent(line({ role: 'critic', model: 'acme/teacher', endpoint: 'teacher.test', stage: 'vote' }, 5))
      return {
        ...entry,
        payload: {
          ...payload,
          spent: spentTogether([...(rounds.get(`${payload.attempt}.${payload.round}`) ?? []), own]),
        },
      }
    }
    return entry
  })
}
