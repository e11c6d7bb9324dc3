import { join } from 'node:path'
import { z } from 'zod'
import { readOrForget, writeWhole } from '../machine/state-file.ts'
import type { Tracker } from './tracker.ts'

/** How far the log of a run was written to a tracker. */
const TrackerPosition = z.object({
  target: z.string(),
  /** When the log was made: another one begins anew. */
  created: z.string(),
  /** The first message that was not taken. */
  next: z.number().int().positive(),
  /** Whether the end was taken, too. */
  ended: z.boolean(),
  state: z.json(),
})
export type TrackerPosition<State> = Omit<z.infer<typeof TrackerPosition>, 'state'> & { state: State }

/** Where a tracker's position of a run lies in the home; its lock lies beside it. */
export const positionFile = (home: string, tracker: string, runId: string): string =>
  join(home, 'trackers', tracker, `${runId}.json`)

/** Where the last writing ended; the beginning, where there was none, it went elsewhere, or what it wrote is gone. */
export async function readTrackerPosition<State>(
  file: string,
  tracker: Tracker<State>,
  created: string,
  notify: (line: string) => void,
): Promise<TrackerPosition<State>> {
  const anew = { target: tracker.target, created, next: 1, ended: false, state: tracker.empty }
  const found = await readOrForget(file, TrackerPosition, notify)
  if (found?.created !== created || found.target !== tracker.target) return anew
  const state = tracker.State.safeParse(found.state)
  return state.success && (await tracker.isThere(state.data)) ? { ...found, state: state.data } : anew
}

export const writeTrackerPosition = <State>(file: string, position: TrackerPosition<State>): Promise<void> =>
  writeWhole(file, JSON.stringify(position))
