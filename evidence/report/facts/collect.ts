import type { LogEntry } from '../../../schemas/log-entry.ts'
import { FinalEvalResults } from '../../../schemas/messages/evaluation.ts'
import { Batch } from '../../../schemas/messages/generation.ts'
import { RunStarted } from '../../../schemas/messages/run.ts'
import { type MessageName, registry } from '../../../schemas/registry.ts'
import { unpackResults } from '../../../schemas/sealed-results.ts'
import type { AgentSeen, BatchFacts, FinalEvalFacts, Logged, RunFacts } from './run-facts.ts'

/**
 * Sorts a run's log into facts. Pure; the entries may come in any order and more than once (the log delivers at least once): an
 * entry is taken once by its sequence number, a message once by its id. Never throws on what a log may hold.
 */
export function collect(entries: Iterable<LogEntry>): RunFacts {
  const facts = emptyFacts()
  const agents = new Map<string, AgentSeen & { seen: Set<string> }>()
  for (const entry of inOrderOnce(entries)) {
    const atMs = Date.parse(entry.at)
    if (Number.isFinite(atMs)) {
      facts.firstMs = Math.min(facts.firstMs ?? atMs, atMs)
      facts.lastMs = Math.max(facts.lastMs ?? atMs, atMs)
    }
    facts.messages += 1
    countAgent(agents, entry)
    const reason = take(facts, entry, atMs)
    if (reason !== null) facts.unreadable.push({ seq: entry.seq, name: entry.name, reason })
  }
  facts.agents = [...agents.values()].map(({ seen, ...agent }) => ({ ...agent, instances: [...seen].sort() }))
  return facts
}

/** The list that holds each message's facts; null for one that tells nothing of a run that another does not. */
const listOf: Readonly<Record<MessageName, keyof Lists | null>> = {
  'run-started': null,
  job: 'jobs',
  predictions: 'predictions',
  report: 'reports',
  decision: 'decisions',
  race: 'races',
  shard: 'shards',
  batch: 'batches',
  verdict: 'verdicts',
  'final-eval-request': 'finalEvalRequests',
  'final-eval-results': 'finalEval',
  progress: 'progress',
  'status-changed': 'statuses',
  'operator-command': 'operatorCommands',
  'run-finished': 'finished',
  // A fault is published again by the planner's change of status; the sealed session is not on this log.
  fault: null,
  tried: null,
  'sealed-eval-job': null,
  answers: null,
}

type Lists = Pick<
  RunFacts,
  { [K in keyof RunFacts]: RunFacts[K] extends Logged<unknown>[] ? K : never }[keyof RunFacts]
>

function emptyFacts(): RunFacts {
  const lists = Object.fromEntries(Object.values(listOf).flatMap((list) => (list ? [[list, []]] : [])))
  return {
    config: null,
    firstMs: null,
    lastMs: null,
    messages: 0,
    unreadable: [],
    agents: [],
    ...(lists as unknown as Lists),
  }
}

function inOrderOnce(entries: Iterable<LogEntry>): LogEntry[] {
  const ids = new Set<string>()
  return [...new Map([...entries].map((entry) => [entry.seq, entry])).values()]
    .sort((one, other) => one.seq - other.seq)
    .filter((entry) => !ids.has(entry.id) && ids.add(entry.id))
}

function countAgent(agents: Map<string, AgentSeen & { seen: Set<string> }>, { from }: LogEntry): void {
  const key = `${from.role}/${from.variant}`
  const agent = agents.get(key) ?? {
    role: from.role,
    variant: from.variant,
    instances: [],
    messages: 0,
    seen: new Set(),
  }
  agent.messages += 1
  agent.seen.add(from.instance)
  agents.set(key, agent)
}

/** Puts one entry where it belongs; returns why it could not be read, or null. */
function take(facts: RunFacts, entry: LogEntry, atMs: number): string | null {
  if (entry.parseError) return entry.parseError
  if (!Number.isFinite(atMs)) return `"${entry.at}" is no time`
  const name = entry.name as MessageName
  const list = Object.hasOwn(listOf, name) ? listOf[name] : undefined
  if (list === undefined) return `no message is called "${entry.name}"`
  try {
    if (name === 'run-started') facts.config ??= RunStarted.schema.parse(entry.payload).config
    if (list === null) return null
    const logged = { seq: entry.seq, atMs, instance: entry.from.instance, payload: factOf(name, entry.payload) }
    ;(facts[list] as Logged<unknown>[]).push(logged)
    return null
  } catch (error) {
    return error instanceof Error ? error.message.split('\n').slice(0, 6).join(' ').slice(0, 300) : String(error)
  }
}

/** What the facts hold of a payload: of a batch no text, of a final evaluation each result's items. */
function factOf(name: MessageName, payload: unknown): unknown {
  if (name === 'batch') {
    const { round, shard, source, spent, candidates, failures } = Batch.schema.parse(payload)
    const { attempt, round: number } = round
    return {
      attempt,
      round: number,
      shard,
      source,
      spent,
      candidates: candidates.length,
      failures,
    } satisfies BatchFacts
  }
  if (name !== 'final-eval-results') return registry[name].schema.parse(payload)
  const { evalSets, results, ...finalEval } = FinalEvalResults.schema.parse(payload)
  return { ...finalEval, results: unpackResults({ evalSets, results }) } satisfies FinalEvalFacts
}
