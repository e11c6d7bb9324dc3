/** Seconds of axis that every message but a progress report adds in the `flow` scale. */
const roomSeconds = 1.6

/**
 * The horizontal scales of the timeline, in axis units. `clock` is true to time: one unit is one second. `flow` adds room
 * for each message, so that a burst of a hundred shards in three seconds can be told apart beside minutes of training;
 * its marks of time are placed accordingly.
 */
export function createAxis() {
  const times = []
  const units = { clock: [], flow: [] }
  let mode = 'flow'

  return {
    get mode() {
      return mode
    },
    set mode(chosen) {
      mode = chosen
    },
    append(entry) {
      const first = times.length === 0
      const seconds = first ? 0 : (entry.time - times.at(-1)) / 1000
      times.push(entry.time)
      units.clock.push(first ? 0 : units.clock.at(-1) + seconds)
      units.flow.push(first ? 0 : units.flow.at(-1) + seconds + (entry.name === 'progress' ? 0 : roomSeconds))
    },
    at: (index) => units[mode][index] ?? 0,
    end: () => units[mode].at(-1) ?? 0,
    /** The first message at or after a place on the axis. */
    indexAt(place) {
      const list = units[mode]
      let low = 0
      let high = list.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (list[middle] < place) low = middle + 1
        else high = middle
      }
      return low
    },
    /** The place of a time (ms); past the last message an axis unit is a second. */
    placeOf(time) {
      if (times.length === 0) return 0
      if (time >= times.at(-1)) return this.end() + (time - times.at(-1)) / 1000
      let low = 0
      let high = times.length - 1
      while (low < high) {
        const middle = (low + high) >> 1
        if (times[middle] < time) low = middle + 1
        else high = middle
      }
      if (low === 0) return 0
      const list = units[mode]
      const gap = times[low] - times[low - 1]
      const share = gap > 0 ? (time - times[low - 1]) / gap : 1
      return list[low - 1] + share * (list[low] - list[low - 1])
    },
    timeAt(place) {
      const index = this.indexAt(place)
      if (index === 0) return times[0] ?? 0
      if (index >= times.length) return times.at(-1) + (place - this.end()) * 1000
      const list = units[mode]
      const gap = list[index] - list[index - 1]
      const share = gap > 0 ? (place - list[index - 1]) / gap : 1
      return times[index - 1] + share * (times[index] - times[index - 1])
    },
  }
}
