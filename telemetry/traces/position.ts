import { join } from 'node:path'
import { z } from 'zod'
import { readOrForget, writeWhole } from '../../machine/state-file.ts'

/** How far the log was exported. */
const Position = z.object({
  /** When the log was made: another one begins anew. */
  created: z.string(),
  /** The first message that the receiver has not taken. */
  next: z.number().int().positive(),
  /** Where to read from to place it: the first message of the runs that were not finished then. */
  from: z.number().int().positive(),
  /** The first spans of runs that were finished. */
  roots: z.record(z.string(), z.string()),
})
export type Position = z.infer<typeof Position>

const fileIn = (home: string) => join(home, 'traces.json')

/** Null where this log was not exported yet. */
export async function readPosition(
  home: string,
  created: string,
  notify: (line: string) => void,
): Promise<Position | null> {
  const position = await readOrForget(fileIn(home), Position, notify)
  return position?.created === created ? position : null
}

export const writePosition = (home: string, position: Position): Promise<void> =>
  writeWhole(fileIn(home), JSON.stringify(position))
