import type { PayloadOf } from '../../../schemas/message.ts'
import type {
  FinalEvalRequest,
  FinalEvalResults,
  Job,
  Predictions,
  Report,
} from '../../../schemas/messages/evaluation.ts'
import type { Batch, Shard, Verdict } from '../../../schemas/messages/generation.ts'
import type {
  Decision,
  OperatorCommand,
  Progress,
  Race,
  RunFinished,
  StatusChanged,
} from '../../../schemas/messages/run.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import type { SealedResult } from '../../../schemas/sealed-results.ts'

/** A payload with the time it was said, in milliseconds since 1970, and its place in the log. */
export type Logged<T> = { seq: number; atMs: number; instance: string; payload: T }

/** An agent that said something in this run. */
export type AgentSeen = { role: string; variant: string; instances: string[]; messages: number }

/** What one run's log holds, each message once, in the order of the log. Nothing here is computed or assumed. */
export type RunFacts = {
  config: RunConfig | null
  /** Time of the first and of the last message, in milliseconds since 1970. */
  firstMs: number | null
  lastMs: number | null
  messages: number
  /** Messages that no schema of this version reads; they are left out of everything else. */
  unreadable: { seq: number; name: string; reason: string }[]
  agents: AgentSeen[]
  jobs: Logged<PayloadOf<typeof Job>>[]
  predictions: Logged<PayloadOf<typeof Predictions>>[]
  reports: Logged<PayloadOf<typeof Report>>[]
  decisions: Logged<PayloadOf<typeof Decision>>[]
  races: Logged<PayloadOf<typeof Race>>[]
  shards: Logged<PayloadOf<typeof Shard>>[]
  /** Without the candidates' text. */
  batches: Logged<BatchFacts>[]
  verdicts: Logged<PayloadOf<typeof Verdict>>[]
  finalEvalRequests: Logged<PayloadOf<typeof FinalEvalRequest>>[]
  /** With each result's items. */
  finalEval: Logged<FinalEvalFacts>[]
  progress: Logged<PayloadOf<typeof Progress>>[]
  statuses: Logged<PayloadOf<typeof StatusChanged>>[]
  operatorCommands: Logged<PayloadOf<typeof OperatorCommand>>[]
  finished: Logged<PayloadOf<typeof RunFinished>>[]
}

export type FinalEvalFacts = Omit<PayloadOf<typeof FinalEvalResults>, 'evalSets' | 'results'> & {
  results: SealedResult[]
}

export type BatchFacts = Pick<PayloadOf<typeof Batch>, 'source' | 'shard' | 'spent'> & {
  attempt: number
  round: number
  candidates: number
  failures: PayloadOf<typeof Batch>['failures']
}
