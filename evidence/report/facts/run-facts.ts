import type { PayloadOf } from '../../../schemas/message.ts'
import type { Job, Opened, OpeningRequest, Predictions, Report } from '../../../schemas/messages/evaluation.ts'
import type { Batch, Shard, Verdict } from '../../../schemas/messages/generation.ts'
import type { Control, Decision, Progress, RunFinished, StatusChanged } from '../../../schemas/messages/run.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import type { SealedResult } from '../../../schemas/sealed-results.ts'

/** A payload with the time it was said, in milliseconds since 1970, and its place in the log. */
export type Said<T> = { seq: number; atMs: number; instance: string; payload: T }

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
  jobs: Said<PayloadOf<typeof Job>>[]
  predictions: Said<PayloadOf<typeof Predictions>>[]
  reports: Said<PayloadOf<typeof Report>>[]
  decisions: Said<PayloadOf<typeof Decision>>[]
  shards: Said<PayloadOf<typeof Shard>>[]
  /** Without the candidates' text. */
  batches: Said<BatchFacts>[]
  verdicts: Said<PayloadOf<typeof Verdict>>[]
  openingRequests: Said<PayloadOf<typeof OpeningRequest>>[]
  /** With each result's items. */
  opened: Said<OpenedFacts>[]
  progress: Said<PayloadOf<typeof Progress>>[]
  statuses: Said<PayloadOf<typeof StatusChanged>>[]
  controls: Said<PayloadOf<typeof Control>>[]
  finished: Said<PayloadOf<typeof RunFinished>>[]
}

export type OpenedFacts = Omit<PayloadOf<typeof Opened>, 'papers' | 'results'> & { results: SealedResult[] }

export type BatchFacts = Pick<PayloadOf<typeof Batch>, 'source' | 'shard' | 'spent'> & {
  attempt: number
  round: number
  candidates: number
  failures: PayloadOf<typeof Batch>['failures']
}
