import { readFileSync } from 'node:fs'
import type { TrackerLimits } from '../schemas/session-limits.ts'
import { UsageError } from '../schemas/user-error.ts'
import { mlflow } from './mlflow/tracker.ts'
import { tensorboard } from './tensorboard/tracker.ts'
import type { TrackerName } from './tracker.ts'
import { wandb, wandbOptions } from './wandb/tracker.ts'
import { type WriteOptions, type Writing, writeRun } from './write-run.ts'

export { type TrackerName, trackerNames } from './tracker.ts'

const version = (): string => JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version

/**
 * What can be known of trackers before a run starts.
 * @throws UsageError where the environment names no place for one of them
 */
export function checkTrackers(names: readonly TrackerName[], env: NodeJS.ProcessEnv = process.env): void {
  if (!names.includes('mlflow')) return
  const { MLFLOW_TRACKING_URI: uri = '' } = env
  if (/^https?:$/.test(URL.parse(uri)?.protocol ?? '')) return
  const what =
    uri === ''
      ? '--tracker mlflow writes to a server, and MLFLOW_TRACKING_URI names none.'
      : 'MLFLOW_TRACKING_URI is no address of a server that begins with http:// or https://.'
  throw new UsageError(
    what,
    'Start one with "mlflow server --backend-store-uri sqlite:///mlflow.db", and set MLFLOW_TRACKING_URI=http://127.0.0.1:5000.',
  )
}

export type TrackOptions = Omit<WriteOptions, 'records' | 'longestPauseMs' | 'flushMs'> & {
  limits: TrackerLimits
  /** The folder for reports of runs, for trackers that write files. */
  runs: string
}

/** Writes to a tracker; `writing` is null where another process writes this run to it. */
export type Tracked = { name: TrackerName; target: string; writing: Writing | null }

/** Writes a run to trackers from now on, each from where it was left. */
export async function trackRun(
  names: readonly TrackerName[],
  { limits, runs, ...options }: TrackOptions,
): Promise<Tracked[]> {
  const { line } = options
  const env = process.env
  const writing = { ...options, ...limits }
  const start = async <State>(tracker: Parameters<typeof writeRun<State>>[0]): Promise<Tracked> => ({
    name: tracker.name,
    target: tracker.target,
    writing: await writeRun(tracker, writing),
  })
  const open: Record<TrackerName, () => Promise<Tracked>> = {
    mlflow: () => start(mlflow(env, { timeoutMs: limits.requestMs, line })),
    wandb: () => start(wandb(wandbOptions(env, runs, version()))),
    tensorboard: () => start(tensorboard(runs)),
  }
  return Promise.all([...new Set(names)].map((name) => open[name]()))
}
