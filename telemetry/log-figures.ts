import type { StoredEntry } from '../bus/mod.ts'
import { FailureKind, RejectionReason } from '../schemas/row.ts'
import { moneyOf } from '../schemas/spent.ts'
import type { Prices, UsageLine } from '../schemas/usage.ts'
import type { MetricName, MetricSample } from './metric-table.ts'
import { isReadEntry, type ReadEntry, usageOfEntry } from './usage.ts'

/** Ids that are remembered: a message that is stored a second time comes soon after the first. */
const rememberedIds = 10_000
/** A training that reports nothing for so long is not under way any more. */
const trainingSilentMs = 180_000

type LogFiguresOptions = { prices: Prices; modelNames: number }

/** Counts what the log says. */
export type LogFigures = {
  take(entry: StoredEntry): void
  samples(): MetricSample[]
}

export function createLogFigures({ prices: known, modelNames }: LogFiguresOptions): LogFigures {
  const counts = new Map<string, MetricSample>()
  const ids = new Set<string>()
  const models = new Set<string>()
  const trainings = new Map<string, { tokensPerSecond: number; atMs: number }>()
  const prices = new Map(Object.entries(known))

  const add = (name: MetricName, labels: Record<string, string> = {}, by = 1) => {
    const key = `${name} ${Object.values(labels).join('\n')}`
    const sample = counts.get(key)
    if (sample) sample.value += by
    else counts.set(key, { name, labels, value: by })
  }
  // What has not happened yet is 0, so that its first time is seen as an increase.
  for (const reason of RejectionReason.options) add('syllabus_rows_refused_total', { reason }, 0)
  for (const kind of FailureKind.options) add('syllabus_candidates_failed_total', { kind }, 0)

  const isNew = (id: string) => {
    if (ids.has(id)) return false
    ids.add(id)
    if (ids.size > rememberedIds) ids.delete(ids.values().next().value!)
    return true
  }

  /** Names are an operator's, and yet any message may hold them. */
  const modelLabel = (model: string) => {
    const label = model.slice(0, 100)
    if (!models.has(label) && models.size >= modelNames) return 'other'
    models.add(label)
    return label
  }

  const addUsage = (line: UsageLine) => {
    const { role, stage, calls, inputTokens, outputTokens } = line
    const of = { role, model: modelLabel(line.model) }
    add('syllabus_model_calls_total', { ...of, stage }, calls)
    add('syllabus_model_tokens_total', { ...of, type: 'input' }, inputTokens)
    add('syllabus_model_tokens_total', { ...of, type: 'output' }, outputTokens)
    const price = prices.get(line.model)
    const spent = { calls, inputTokens, outputTokens, lines: [line] }
    if (price) add('syllabus_model_cost_dollars_total', of, moneyOf(spent, { [line.model]: price }) ?? 0)
  }

  const takeRead = (entry: ReadEntry) => {
    for (const line of usageOfEntry(entry)) addUsage(line)
    switch (entry.name) {
      case 'run-started':
        for (const [model, price] of Object.entries(entry.payload.config.prices)) prices.set(model, price)
        break
      case 'batch': {
        add('syllabus_candidates_total', {}, entry.payload.candidates.length)
        for (const { kind } of entry.payload.failures)
          add('syllabus_candidates_failed_total', { kind: kind ?? ('unusable' satisfies FailureKind) })
        break
      }
      case 'verdict':
        for (const { admitted, rejected } of Object.values(entry.payload.bySource)) {
          add('syllabus_rows_admitted_total', {}, admitted)
          for (const [reason, rows] of Object.entries(rejected)) add('syllabus_rows_refused_total', { reason }, rows)
        }
        break
      case 'progress': {
        const { phase, instance, tokensPerSecond } = entry.payload
        if (phase === 'train' && tokensPerSecond !== undefined)
          trainings.set(instance, { tokensPerSecond, atMs: Date.parse(entry.at) })
        break
      }
      case 'predictions': {
        const { training, reusedTraining } = entry.payload
        trainings.delete(entry.from.instance)
        if (!training || reusedTraining) break
        add('syllabus_trainings_total')
        add('syllabus_training_tokens_total', {}, training.tokens)
        add('syllabus_training_seconds_total', {}, training.seconds)
        break
      }
      case 'status-changed':
        add('syllabus_run_statuses_total', { status: entry.payload.status })
        break
      default:
    }
  }

  return {
    take(entry) {
      if (!isNew(entry.id)) return
      if (!isReadEntry(entry)) return add('syllabus_unreadable_messages_total')
      add('syllabus_messages_total', { message: entry.name })
      takeRead(entry)
    },
    samples() {
      const since = Date.now() - trainingSilentMs
      for (const [agent, { atMs }] of trainings) if (!(atMs > since)) trainings.delete(agent)
      const speeds = [...trainings].map(
        ([agent, { tokensPerSecond }]): MetricSample => ({
          name: 'syllabus_training_tokens_per_second',
          labels: { agent },
          value: tokensPerSecond,
        }),
      )
      return [...counts.values(), ...speeds]
    },
  }
}
