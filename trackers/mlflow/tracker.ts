import { z } from 'zod'
import type { TrackedRecord } from '../record.ts'
import { seriesId, type Taken, type TrackedRun, type Tracker } from '../tracker.ts'
import { type MlflowClient, MlflowFault, mlflowClient } from './client.ts'

const State = z.object({
  experimentId: z.string().nullable(),
  /** The run of each series. */
  runs: z.record(z.string(), z.object({ id: z.string(), artifactUri: z.string() })),
})
type State = z.infer<typeof State>

const Run = z.object({ info: z.object({ run_id: z.string(), artifact_uri: z.string().default('') }) })
const Experiment = z.object({ experiment_id: z.string(), lifecycle_stage: z.string().optional() })

/** What MLflow takes in one request. */
const mostMetrics = 1000
const mostParams = 100
/** What every version of it takes of a parameter's value. */
const mostValueChars = 500

/** What names a series of a run in MLflow, so that one that was made before is found. */
const tags = { run: 'syllabus.run', series: 'syllabus.series' } as const

/** The rest of the name of a metric or parameter: others are refused. */
const nameOf = (name: string) => name.replaceAll(/[^\w\-. :/]/g, '_')

/**
 * Writes to an MLflow server: the search as a run, each student model as one nested in it. Runs are found by their tags before they are
 * made, and a metric with the same step and time is stored once, so that what is sent a second time changes nothing.
 */
export function mlflow(
  env: NodeJS.ProcessEnv,
  { timeoutMs, line }: { timeoutMs: number; line: (text: string) => void },
): Tracker<State> {
  const experiment = env.MLFLOW_EXPERIMENT_NAME || 'syllabus'
  const { origin, pathname } = new URL(env.MLFLOW_TRACKING_URI!)
  const address = `${origin}${pathname}`.replace(/\/+$/, '')
  let isReported = false

  async function experimentOf(client: MlflowClient, state: State): Promise<string> {
    if (state.experimentId !== null) return state.experimentId
    const named = await client
      .ask('GET', 'experiments/get-by-name', { experiment_name: experiment }, z.object({ experiment: Experiment }))
      .catch((error: unknown) => {
        if (error instanceof MlflowFault && !error.passing) return null
        throw error
      })
    const made = named ? null : await client.ask('POST', 'experiments/create', { name: experiment }, Experiment)
    state.experimentId = named?.experiment.experiment_id ?? made!.experiment_id
    return state.experimentId
  }

  async function runOf(client: MlflowClient, series: string, { runId }: TrackedRun, at: string, state: State) {
    const known = state.runs[series]
    if (known) return known
    const experimentId = await experimentOf(client, state)
    const filter = `tags.\`${tags.run}\` = '${runId}' and tags.\`${tags.series}\` = '${series || 'search'}'`
    const { runs = [] } = await client.ask(
      'POST',
      'runs/search',
      { experiment_ids: [experimentId], filter, max_results: 1 },
      z.object({ runs: z.array(Run).optional() }),
    )
    const parent = state.runs['']?.id
    const run =
      runs[0] ??
      (
        await client.ask(
          'POST',
          'runs/create',
          {
            experiment_id: experimentId,
            start_time: Date.parse(at),
            run_name: seriesId(runId, series),
            tags: [
              { key: tags.run, value: runId },
              { key: tags.series, value: series || 'search' },
              { key: 'mlflow.source.name', value: 'syllabus' },
              ...(series !== '' && parent ? [{ key: 'mlflow.parentRunId', value: parent }] : []),
            ],
          },
          z.object({ run: Run }),
        )
      ).run
    const { run_id: id, artifact_uri: artifactUri } = run.info
    state.runs[series] = { id, artifactUri }
    return { id, artifactUri }
  }

  async function sendSeries(
    client: MlflowClient,
    records: readonly TrackedRecord[],
    run: { id: string; artifactUri: string },
  ) {
    const log = (body: object) => client.ask('POST', 'runs/log-batch', { run_id: run.id, ...body }, z.unknown())
    const params = records.flatMap((record) =>
      record.kind === 'begin'
        ? Object.entries(record.params).map(([key, value]) => ({
            key: nameOf(key),
            value: value.slice(0, mostValueChars),
          }))
        : [],
    )
    const metrics = records.flatMap((record) =>
      record.kind === 'metrics'
        ? Object.entries(record.values).map(([key, value]) => ({
            key: nameOf(key),
            value,
            timestamp: Date.parse(record.at),
            step: record.step,
          }))
        : [],
    )
    for (let at = 0; at < params.length; at += mostParams) await log({ params: params.slice(at, at + mostParams) })
    for (let at = 0; at < metrics.length; at += mostMetrics) await log({ metrics: metrics.slice(at, at + mostMetrics) })
    for (const record of records) {
      if (record.kind === 'artefact' && !(await client.put(run.artifactUri, record.path, record.text)) && !isReported) {
        isReported = true
        line(
          `mlflow: no artefacts are sent: the server keeps them at ${run.artifactUri}. Start it with --serve-artifacts.`,
        )
      }
      if (record.kind === 'end') {
        const status = record.isFinished ? 'FINISHED' : 'FAILED'
        await client.ask(
          'POST',
          'runs/update',
          { run_id: run.id, status, end_time: Date.parse(record.at) },
          z.unknown(),
        )
      }
    }
  }

  async function send(
    records: readonly TrackedRecord[],
    run: TrackedRun,
    state: State,
    signal: AbortSignal,
  ): Promise<Taken> {
    const client = mlflowClient(env, timeoutMs, signal)
    try {
      const bySeries = Map.groupBy(records, ({ series }) => series)
      for (const [series, own] of bySeries)
        await sendSeries(client, own, await runOf(client, series, run, own[0]!.at, state))
      return { outcome: 'taken' }
    } catch (error) {
      if (!(error instanceof MlflowFault)) throw error
      return { outcome: error.passing ? 'failed' : 'refused', reason: error.message }
    }
  }

  return {
    name: 'mlflow',
    target: `${address}, experiment ${experiment}`,
    State,
    empty: { experimentId: null, runs: {} },
    isThere: async () => true,
    send,
    hint: () => `${address}, in the experiment ${experiment}`,
  }
}
