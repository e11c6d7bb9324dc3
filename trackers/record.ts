import { armSeedOf } from '../schemas/arm.ts'
import type { LogEntry } from '../schemas/log-entry.ts'
import type { PayloadOf } from '../schemas/message.ts'
import type { MessageName, Registry } from '../schemas/registry.ts'
import type { RunConfig } from '../schemas/run.ts'
import type { Score, ScoreSheet } from '../schemas/score.ts'
import { lostOf, spentTogether } from '../schemas/spent.ts'
import type { TrainingSummary } from '../schemas/training.ts'

/**
 * What trackers are given of a run. A run has several *series*, each of which is a run of its own in a tracker: the search, whose name is
 * empty, and one for each student model, by its name (`base`, `attempt-1`, `control`, `final` …). So what the control scored never stands
 * in one curve with what an attempt did, and a score's name begins with the set it was measured on.
 */
export type TrackedRecord = { series: string; at: string } & (
  | { kind: 'begin'; params: Readonly<Record<string, string>> }
  /** `step`: a training step, a round or an attempt, as docs/trackers.md says of each name. */
  | { kind: 'metrics'; step: number; values: Readonly<Record<string, number>> }
  | { kind: 'artefact'; path: string; text: string }
  | { kind: 'end'; isFinished: boolean }
)

/** A record without what is the same for all that follow from a message. */
type UntimedRecord = TrackedRecord extends infer R ? (R extends unknown ? Omit<R, 'at'> : never) : never

/** Where rounds and scores of an attempt belong: its student model. 0 is the control. */
const seriesOf = (attempt: number): string => (attempt === 0 ? 'control' : `attempt-${attempt}`)

/**
 * Reads the log of one run from its first message on, and gives what each message adds.
 * K1 The records follow from the log alone: whoever reads it again gives the same ones, with the same times.
 * K2 Of evaluation sets there are rates alone: no question, no answer, and of rows no text.
 */
export function createRecordReader() {
  /** Series that have begun, in this order. */
  const begun = new Set<string>()
  /** Student models whose loss was reported while they were trained. */
  const watched = new Set<string>()
  let spent = spentTogether([])
  let closed = 0
  let config: RunConfig | null = null

  const begin = (series: string, params: Record<string, string> = {}): UntimedRecord[] => {
    if (begun.has(series)) return []
    begun.add(series)
    const student = config?.student === undefined ? {} : { student: config.student }
    const own = series === '' ? {} : { arm: armSeedOf(series).arm, ...student }
    return [{ kind: 'begin', series, params: { ...own, ...params } }]
  }

  const readers: { [N in MessageName]?: (payload: PayloadOf<Registry[N]>) => UntimedRecord[] } = {
    'run-started': ({ config: started }) => {
      config = started
      return begin('', paramsOf(started))
    },
    decision({ attempt, operation, model, program }) {
      const series = seriesOf(attempt)
      const params = { operation, ...(model && { planner_model: model }) }
      return [
        ...begin(series, params),
        ...(program ? [artefact(series, 'program.json', `${JSON.stringify(program, null, 2)}\n`)] : []),
      ]
    },
    verdict(verdict) {
      const yields = Object.values(verdict.bySource)
      const sum = (of: 'asked' | 'generated' | 'admitted') => yields.reduce((total, each) => total + each[of], 0)
      spent = spentTogether([spent, verdict.spent])
      closed += 1
      const series = seriesOf(verdict.attempt)
      return [
        ...begin(series),
        metrics(series, verdict.round, {
          'rows/asked': sum('asked'),
          'rows/admitted': sum('admitted'),
          'rows/refused': sum('generated') - sum('admitted'),
          'rows/dataset': verdict.rows,
        }),
        metrics('', closed, {
          'spent/calls': spent.calls,
          'spent/calls_lost': lostOf(spent),
          'spent/input_tokens': spent.inputTokens,
          'spent/output_tokens': spent.outputTokens,
        }),
      ]
    },
    progress({ phase, studentModel, done, loss, tokensPerSecond }) {
      if (phase !== 'train' || studentModel === undefined || loss === undefined) return []
      watched.add(studentModel)
      const speed: Record<string, number> =
        tokensPerSecond === undefined ? {} : { 'train/tokens_per_second': tokensPerSecond }
      return [...begin(studentModel), metrics(studentModel, done, { 'train/loss': loss, ...speed })]
    },
    report({ studentModel: { name }, validation, training }) {
      const attempt = /^attempt-(\d+)$/.exec(name)?.[1]
      return [
        ...begin(name),
        ...(training ? trainingOf(name, training, watched.has(name)) : []),
        metrics(name, 0, ratesOf('validation', validation)),
        ...(attempt ? [metrics('', Number(attempt), overallOf('search/validation', validation.overall))] : []),
      ]
    },
    'final-eval-results': ({ results }) =>
      results.flatMap(({ studentModel: { name }, evalSet, sheet }) => [
        ...begin(name),
        metrics(name, 0, ratesOf(evalSet, sheet)),
      ]),
    'run-finished': ({ chosenAttempt, validAttempts }) => [
      metrics('', closed, { valid_attempts: validAttempts, ...(chosenAttempt && { chosen_attempt: chosenAttempt }) }),
    ],
  }

  return {
    /** What a message adds; nothing where it cannot be read. */
    recordsOf({
      name,
      payload,
      parseError,
      at,
    }: Pick<LogEntry, 'name' | 'payload' | 'parseError' | 'at'>): TrackedRecord[] {
      const read = readers[name as MessageName] as ((payload: unknown) => UntimedRecord[]) | undefined
      if (parseError !== undefined || read === undefined) return []
      return read(payload).map((each) => ({ ...each, at }) as TrackedRecord)
    },
    /** The end of all series. */
    ends: (at: string, isFinished: boolean): TrackedRecord[] =>
      [...begun].reverse().map((series) => ({ kind: 'end', series, at, isFinished })),
    get config(): RunConfig | null {
      return config
    },
  }
}
export type RecordReader = ReturnType<typeof createRecordReader>

const metrics = (series: string, step: number, values: Record<string, number>): UntimedRecord => ({
  kind: 'metrics',
  series,
  step,
  values,
})
const artefact = (series: string, path: string, text: string): UntimedRecord => ({
  kind: 'artefact',
  series,
  path,
  text,
})

const share = (correct: number, total: number) => correct / Math.max(1, total)

const overallOf = (prefix: string, { strict, lenient }: Score) => ({
  [`${prefix}/strict`]: share(strict.correct, strict.total),
  [`${prefix}/lenient`]: share(lenient.correct, lenient.total),
})

function ratesOf(set: string, { overall, byPart, truncated, noAnswer = 0 }: ScoreSheet): Record<string, number> {
  const { total } = overall.strict
  const parts = Object.entries(byPart).map(([part, score]) => overallOf(`${set}/${part}`, score))
  return {
    ...overallOf(set, overall),
    [`${set}/items`]: total,
    [`${set}/truncated`]: share(truncated, total),
    [`${set}/no_answer`]: share(noAnswer, total),
    ...Object.assign({}, ...parts),
  }
}

/** The loss curve is that of the summary where nobody saw the training, as of one that is used again. */
function trainingOf(series: string, summary: TrainingSummary, isWatched: boolean): UntimedRecord[] {
  const { rows, leftOut, steps, tokens, seconds, lossCurve } = summary
  return [
    ...(isWatched ? [] : lossCurve.map(([step, loss]) => metrics(series, step, { 'train/loss': loss }))),
    metrics(series, steps, {
      'train/rows': rows,
      'train/rows_left_out': leftOut,
      'train/steps': steps,
      'train/tokens': tokens,
      'train/seconds': seconds,
    }),
  ]
}

/** What fixes a run, as parameters. No address and no limit of money: those are the operator's. */
function paramsOf(config: RunConfig): Record<string, string> {
  const { runId, seed, attempts, rows, setting, primary, taskHash, student, variants, models, comparison } = config
  const named = (prefix: string, values: Readonly<Record<string, string | undefined>>) =>
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[`${prefix}.${name}`, value]]))
  const { seeds, arms } = config.evidence
  return Object.fromEntries([
    ['run', runId],
    ['seed', String(seed)],
    ['attempts', String(attempts)],
    ['rows', String(rows)],
    ['setting', setting],
    ['primary', primary],
    ['task_sha256', taskHash],
    ...(student === undefined ? [] : [['student', student]]),
    ...(config.generate
      ? []
      : [
          ['training_seeds', String(seeds)],
          ['arms', arms.join(',')],
        ]),
    ...(comparison
      ? [
          ['comparison', comparison.name],
          ['comparison_arm', comparison.arm],
        ]
      : []),
    ['quick', String(config.quick ?? false)],
    ...named('variant', variants),
    ...named('model', models),
  ])
}
