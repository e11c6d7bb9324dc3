import type { Message } from './message.ts'
import {
  Answers,
  Fault,
  FinalEvalRequest,
  FinalEvalResults,
  Job,
  Predictions,
  Report,
  SealedEvalJob,
} from './messages/evaluation.ts'
import { Batch, Shard, Tried, Verdict } from './messages/generation.ts'
import { Decision, OperatorCommand, Progress, Race, RunFinished, RunStarted, StatusChanged } from './messages/run.ts'
import type { AgentRole } from './role.ts'

/** Every message there is. A message that is not here cannot be sent. */
export const registry = {
  'run-started': RunStarted,
  'operator-command': OperatorCommand,
  shard: Shard,
  tried: Tried,
  batch: Batch,
  verdict: Verdict,
  job: Job,
  predictions: Predictions,
  report: Report,
  'final-eval-request': FinalEvalRequest,
  'sealed-eval-job': SealedEvalJob,
  answers: Answers,
  'final-eval-results': FinalEvalResults,
  fault: Fault,
  decision: Decision,
  race: Race,
  progress: Progress,
  'status-changed': StatusChanged,
  'run-finished': RunFinished,
} as const satisfies Record<string, Message>

export type Registry = typeof registry
export type MessageName = keyof Registry

/** Names of the messages that a role works on. */
export type ConsumedBy<R extends AgentRole> = {
  [N in MessageName]: Registry[N] extends { kind: 'work'; to: R } ? N : never
}[MessageName]

export function consumedBy(role: AgentRole) {
  return Object.values(registry).filter((message) => message.kind === 'work' && message.to === role)
}
