import { type Entry, firstFrom } from './store.ts'

/** Seconds of axis that every message but a progress report adds in the `flow` scale. */
const roomSeconds = 1.6

/**
 * The horizontal scales of the timeline, in axis units. `clock` is true to time: one unit is one second. `flow` adds room
 * for each message, so that a burst of a hundred shards in three seconds can be distinguished beside minutes of training;
 * its marks of time are placed accordingly.
 */
export type Axis = ReturnType<typeof createAxis>
type Mode = 'clock' | 'flow'

export function createAxis() {
  const times: number[] = []
  const units: Record<Mode, number[]> = { clock: [], flow: [] }
  let mode: Mode = 'flow'

  return {
    get mode(): Mode {
      return mode
    },
    set mode(chosen: Mode) {
      mode = chosen
    },
    append(entry: Entry): void {
      const last = times.at(-1)
      const seconds = last === undefined ? 0 : (entry.time - last) / 1000
      const room = last === undefined || entry.name === 'progress' ? 0 : roomSeconds
      times.push(entry.time)
      units.clock.push((units.clock.at(-1) ?? 0) + seconds)
      units.flow.push((units.flow.at(-1) ?? 0) + seconds + room)
    },
    at: (index: number): number => units[mode][index] ?? 0,
    end: (): number => units[mode].at(-1) ?? 0,
    /** The first message at or after a place on the axis. */
    indexAt: (place: number): number => firstFrom(units[mode], place, Number),
    /** The place of a time (ms); past the last message an axis unit is a second. */
    placeOf: (time: number): number => carryOver(times, units[mode], time, 1 / 1000),
    timeAt: (place: number): number => carryOver(units[mode], times, place, 1000),
  }
}

/** The value of one scale at a place of the other, straight between two messages; past the last one by `slope`. */
function carryOver(from: readonly number[], to: readonly number[], place: number, slope: number): number {
  const index = firstFrom(from, place, Number)
  if (index === 0) return to[0] ?? 0
  const [before, start] = [from[index - 1]!, to[index - 1]!]
  if (index >= from.length) return start + (place - before) * slope
  return start + ((place - before) / (from[index]! - before)) * (to[index]! - start)
}
