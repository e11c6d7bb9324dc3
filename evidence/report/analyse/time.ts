import type { Logged, RunFacts } from '../facts/run-facts.ts'
import { type Phase, phases, type WorkStretch } from '../report-data.ts'
import { labelOf } from '../text/names.ts'

type Timed = { atMs: number; payload: unknown }

/**
 * What was worked on when, and the wall time by phase. A phase's time is where its spans lie and no more important one's do, so the
 * phases add up to the wall time; `other` is what no span covers (planning, waiting, standing still).
 */
export function timeOf(facts: RunFacts): {
  wallSeconds: number | null
  phases: { phase: Phase; seconds: number }[]
  spans: WorkStretch[]
} {
  if (facts.firstMs === null || facts.lastMs === null) return { wallSeconds: null, phases: [], spans: [] }
  const start = facts.firstMs
  const wallSeconds = (facts.lastMs - start) / 1000
  const spans = spansOf(facts).map(({ from, to, ...span }) => ({
    ...span,
    from: (from - start) / 1000,
    to: (to - start) / 1000,
  }))
  return { wallSeconds, phases: wallByPhase(spans, wallSeconds), spans }
}

function spansOf(facts: RunFacts): WorkStretch[] {
  return [...makingSpans(facts), ...trainerSpans(facts), ...scoringSpans(facts), ...finalEvalSpans(facts)].sort(
    (one, other) => one.from - other.from,
  )
}

/** Rows of one attempt: first shard to last batch, first batch to last verdict. */
function makingSpans(facts: RunFacts): WorkStretch[] {
  const of = <T>(all: readonly Logged<T>[], attempt: (payload: T) => number) =>
    Map.groupBy(all, ({ payload }) => attempt(payload))
  const shards = of(facts.shards, (payload) => payload.round.attempt)
  const batches = of(facts.batches, (payload) => payload.attempt)
  const verdicts = of(facts.verdicts, (payload) => payload.attempt)
  return [...shards.keys()].flatMap((attempt) => {
    const label = attempt === 0 ? labelOf('control') : labelOf(`attempt-${attempt}`)
    return [
      ...span('generator', label, 'generate', shards.get(attempt), batches.get(attempt)),
      ...span('critic', label, 'generate', batches.get(attempt), verdicts.get(attempt)),
    ]
  })
}

/** From the trainer's own progress, stretched to the job's end; where it reported none, from the job given out to the replies. */
function trainerSpans(facts: RunFacts): WorkStretch[] {
  const stretches = reportedStretches(facts)
  for (const [index, { atMs, payload, instance }] of facts.predictions.entries()) {
    const label = labelOf(payload.studentModel.name)
    const job = facts.jobs.findLast((one) => one.payload.studentModel === payload.studentModel.name && one.atMs <= atMs)
    if (!job) continue
    const before = facts.predictions.slice(0, index).findLast((one) => one.instance === instance)
    const from = Math.min(atMs, Math.max(job.atMs, before?.atMs ?? job.atMs))
    const own = stretches.filter((one) => one.label === label && one.from >= from && one.to <= atMs)
    if (own.length > 0) {
      own[0]!.from = from
      own.at(-1)!.to = atMs
      continue
    }
    const trainedMs = payload.training && !payload.reusedTraining ? payload.training.seconds * 1000 : 0
    const trained = Math.min(atMs, from + trainedMs)
    stretches.push(
      { label, phase: 'train', from, to: trained, instance },
      { label, phase: 'answer', from: trained, to: atMs, instance },
    )
  }
  return stretches
    .filter(({ from, to }) => to > from)
    .map(({ instance: _, ...one }) => ({ lane: 'trainer-bridge', ...one }))
}

function reportedStretches(facts: RunFacts) {
  const stretches: { label: string; phase: Phase; from: number; to: number; instance: string }[] = []
  const finalEvalFrom = facts.finalEvalRequests[0]?.atMs ?? Infinity
  for (const { atMs, payload, instance } of facts.progress) {
    if (payload.role !== 'trainer-bridge' || payload.phase === 'setup') continue
    const phase = payload.phase === 'train' ? 'train' : atMs < finalEvalFrom ? 'answer' : 'sealed'
    const label = labelOf(payload.studentModel ?? 'unnamed')
    const open = stretches.findLast((one) => one.instance === instance)
    if (open?.label === label && open.phase === phase) open.to = atMs
    else stretches.push({ label, phase, from: open?.label === label ? open.to : atMs, to: atMs, instance })
  }
  return stretches
}

function scoringSpans(facts: RunFacts): WorkStretch[] {
  return facts.reports.flatMap((report) => {
    const { name } = report.payload.studentModel
    const heard = facts.predictions.filter(
      ({ payload, atMs }) => payload.studentModel.name === name && atMs <= report.atMs,
    )
    return span('evaluator', labelOf(name), 'score', heard.slice(-1), [report])
  })
}

function finalEvalSpans(facts: RunFacts): WorkStretch[] {
  const end = facts.finalEval.slice(0, 1)
  return span('evaluator', 'Sealed test and audit', 'sealed', facts.finalEvalRequests.slice(0, 1), end)
}

function span(
  lane: string,
  label: string,
  phase: Phase,
  from?: readonly Timed[],
  to?: readonly Timed[],
): WorkStretch[] {
  const [first, last] = [from?.[0]?.atMs, to?.at(-1)?.atMs]
  return first === undefined || last === undefined || last < first
    ? []
    : [{ lane, label, phase, from: first, to: last }]
}

const importance: readonly Phase[] = ['sealed', 'train', 'answer', 'score', 'generate']

function wallByPhase(spans: readonly WorkStretch[], wallSeconds: number): { phase: Phase; seconds: number }[] {
  const edges = [...new Set([0, wallSeconds, ...spans.flatMap(({ from, to }) => [from, to])])].sort((a, b) => a - b)
  const sums = new Map<Phase, number>(phases.map((phase) => [phase, 0]))
  for (const [index, from] of edges.slice(0, -1).entries()) {
    const to = edges[index + 1]!
    const covering = spans.filter((one) => one.from <= from && one.to >= to)
    const phase = importance.find((studentModel) => covering.some((one) => one.phase === studentModel)) ?? 'other'
    sums.set(phase, sums.get(phase)! + to - from)
  }
  return [...sums].map(([phase, seconds]) => ({ phase, seconds }))
}
