import type { LogEntry } from '../../../schemas/log-entry.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { MessageName, Registry } from '../../../schemas/registry.ts'
import { registry } from '../../../schemas/registry.ts'
import { unpackResults } from '../../../schemas/sealed-results.ts'
import type { AgentSeen, Logged, RunFacts } from './run-facts.ts'

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

function emptyFacts(): RunFacts {
  return {
    config: null,
    firstMs: null,
    lastMs: null,
    messages: 0,
    unreadable: [],
    agents: [],
    jobs: [],
    predictions: [],
    reports: [],
    decisions: [],
    shards: [],
    batches: [],
    verdicts: [],
    finalEvalRequests: [],
    finalEval: [],
    progress: [],
    statuses: [],
    controls: [],
    finished: [],
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
  const read = <N extends MessageName>(name: N): Logged<PayloadOf<Registry[N]>> => ({
    seq: entry.seq,
    atMs,
    instance: entry.from.instance,
    payload: registry[name].schema.parse(entry.payload) as PayloadOf<Registry[N]>,
  })
  try {
    const name = entry.name as MessageName
    switch (name) {
      case 'run-started':
        facts.config ??= read(name).payload.config
        return null
      case 'job':
        facts.jobs.push(read(name))
        return null
      case 'predictions':
        facts.predictions.push(read(name))
        return null
      case 'report':
        facts.reports.push(read(name))
        return null
      case 'decision':
        facts.decisions.push(read(name))
        return null
      case 'shard':
        facts.shards.push(read(name))
        return null
      case 'batch': {
        const { payload, ...logged } = read(name)
        const { round, shard, source, spent, candidates, failures } = payload
        const counts = { candidates: candidates.length, failures }
        const batch = { attempt: round.attempt, round: round.round, shard, source, spent, ...counts }
        facts.batches.push({ ...logged, payload: batch })
        return null
      }
      case 'verdict':
        facts.verdicts.push(read(name))
        return null
      case 'final-eval-request':
        facts.finalEvalRequests.push(read(name))
        return null
      case 'final-eval-results': {
        const { payload, ...logged } = read(name)
        const { evalSets, results, ...finalEval } = payload
        facts.finalEval.push({ ...logged, payload: { ...finalEval, results: unpackResults({ evalSets, results }) } })
        return null
      }
      case 'progress':
        facts.progress.push(read(name))
        return null
      case 'status-changed':
        facts.statuses.push(read(name))
        return null
      case 'operator-command':
        facts.controls.push(read(name))
        return null
      case 'run-finished':
        facts.finished.push(read(name))
        return null
      // A fault is published again by the planner's change of status; the sealed session is not on this log.
      case 'fault':
      case 'tried':
      case 'sealed-eval-job':
      case 'answers':
        return null
      default:
        name satisfies never
        return `no message is called "${entry.name}"`
    }
  } catch (error) {
    return error instanceof Error ? error.message.split('\n').slice(0, 6).join(' ').slice(0, 300) : String(error)
  }
}
