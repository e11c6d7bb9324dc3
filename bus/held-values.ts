import { TerminalError } from './errors.ts'
import type { Kv } from './kv.ts'

/** A value under its key, or why it cannot be read. */
export type HeldValue<T> = { key: string; value: T } | { key: string; fault: string }

/** All values of a bucket. One that cannot be read, as of another version of Syllabus, hides no other. */
export async function heldValues<T>(kv: Pick<Kv<T>, 'keys' | 'get'>): Promise<HeldValue<T>[]> {
  const read = async (key: string): Promise<HeldValue<T>[]> => {
    try {
      const held = await kv.get(key)
      return held ? [{ key, value: held.value }] : []
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error
      return [{ key, fault: error.message }]
    }
  }
  return (await Promise.all((await kv.keys()).map(read))).flat()
}
