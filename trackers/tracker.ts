import type { z } from 'zod'
import type { TrackedRecord } from './record.ts'

/** How records were taken. `refused`: for what they hold, so that they are not sent again. `failed`: to be tried again. */
export type Taken = { outcome: 'taken' } | { outcome: 'refused' | 'failed'; reason: string }

/** Which run is written. */
export type TrackedRun = { runId: string; startedAt: string }

/** Where runs are written to, in the tracker's own terms. */
export type Tracker<State> = {
  name: TrackerName
  /** As a person sees it: an address without a user or a password, or a folder. Another target is written from the beginning. */
  target: string
  /** What it has to know to go on; kept with the position in the log. */
  State: z.ZodType<State>
  /** What that is before anything was written. */
  empty: State
  /** Whether what was written is still there. What a process that was killed wrote and did not note is cut off. */
  isThere(state: State): Promise<boolean>
  /**
   * Writes records behind those of a state, and changes it. Called again with the state from before, after a process was killed, it gives
   * the same.
   */
  send(records: readonly TrackedRecord[], run: TrackedRun, state: State, signal: AbortSignal): Promise<Taken>
  /** What a person does to see it, once it is written. */
  hint(run: TrackedRun): string
}

export const trackerNames = ['mlflow', 'wandb', 'tensorboard'] as const
export type TrackerName = (typeof trackerNames)[number]

/** A name that every tracker takes as a folder, an id and a word: a run's id is one already, a series' too. */
export const seriesId = (runId: string, series: string): string => (series === '' ? runId : `${runId}.${series}`)
