/** Parts that can be the limit of a large `generate`: `lastReplies`, where generators wait at the end of a round for the slowest reply. */
export type Limit = 'teacher' | 'generator' | 'journal' | 'critic' | 'lastReplies' | 'admission'

/**
 * What a row costs each part, in milliseconds of one processor, as measured (docs/cluster.md says how); and the sizes that `generate` works
 * with (experiments/generate/plan.ts, agents/planner/rounds.ts).
 */
export const costs = {
  callsPerGenerator: 80,
  /** Processor time of a generator for one call. */
  generatorMs: 0.9,
  /** Time of the server that leads the journal for one entry, by copies. */
  journalMs: { 1: 0.06, 3: 0.12 },
  /** Until an entry is acknowledged. */
  acknowledgeMs: { 1: 0.4, 3: 0.5 },
  /** Processor time of a critic for the checks of one row that need no other row. */
  checkMs: 0.35,
  /** Processor time of the pass that closes a round, for each of its candidates, and for each row of the rounds before. */
  decideMs: 0.03,
  rememberMs: 0.02,
  usualShard: 25,
  shardsWanted: 160,
  largestShard: 269,
  shardsOfRound: 500,
} as const

export type Scale = { rows: number; generators: number; latencyMs: number; copies: 1 | 3; critics?: number }

export type Scaled = {
  seconds: number
  /** Of the rate that the teacher's latency allows. */
  share: number
  /** Of the time, in which the generators wait for a round to be closed. */
  idleShare: number
  limit: Limit
  rounds: number
}

/** Losses below this share of the ideal time name no limit but the teacher. */
const enough = 0.05

/** Events by time, the earliest first. */
function openTimeline() {
  const heap: { at: number; happen: () => void }[] = []
  const swap = (a: number, b: number) => {
    const held = heap[a]!
    heap[a] = heap[b]!
    heap[b] = held
  }
  return {
    add(at: number, happen: () => void): void {
      heap.push({ at, happen })
      for (let child = heap.length - 1; child > 0; ) {
        const parent = (child - 1) >> 1
        if (heap[parent]!.at <= heap[child]!.at) return
        swap(parent, child)
        child = parent
      }
    },
    next(): { at: number; happen: () => void } | undefined {
      const first = heap[0]
      const last = heap.pop()
      if (!first || !last || heap.length === 0) return first
      heap[0] = last
      for (let parent = 0; ; ) {
        const left = 2 * parent + 1
        if (left >= heap.length) return first
        const child = left + 1 < heap.length && heap[left + 1]!.at < heap[left]!.at ? left + 1 : left
        if (heap[parent]!.at <= heap[child]!.at) return first
        swap(parent, child)
        parent = child
      }
    },
  }
}

/**
 * One `generate`, event by event. A generator has a processor of its own and so many calls under way; a call takes its processor, then the
 * teacher's latency (the same for all, within a fifth), then its entry in the journal, whose leader takes one entry after the other. A
 * shard goes to the first critic that is free. Once all shards of a round are checked, one pass closes it, and only then the next round
 * begins.
 */
export function simulateScale({ rows, generators, latencyMs, copies, critics = 1 }: Scale): Scaled {
  const { callsPerGenerator, generatorMs, checkMs, decideMs, rememberMs, usualShard, shardsWanted } = costs
  const [journalMs, acknowledgeMs] = [costs.journalMs[copies], costs.acknowledgeMs[copies]]
  const shardSize = Math.min(costs.largestShard, Math.max(usualShard, Math.ceil(rows / shardsWanted)))
  let now = 0
  let idleMs = 0
  let passMs = 0
  let checkingMs = 0
  let rounds = 0
  let turn = 0
  for (let made = 0; made < rows; rounds++) {
    const wanted = Math.min(rows - made, shardSize * costs.shardsOfRound)
    const timeline = openTimeline()
    const processors = new Float64Array(generators).fill(now)
    const checkers = new Float64Array(critics).fill(now)
    let journal = now
    let unasked = wanted
    let firstIdleAt = Number.POSITIVE_INFINITY
    let checkedAt = now
    // Shards are taken one by one; the rows of one are asked by whichever calls of its generator are free.
    const held = new Int32Array(generators)
    const unfinished: number[][] = Array.from({ length: generators }, () => [])
    const ask = (generator: number, at: number): void => {
      if (held[generator] === 0) {
        if (unasked === 0) {
          firstIdleAt = Math.min(firstIdleAt, at)
          return
        }
        const size = Math.min(shardSize, unasked)
        unasked -= size
        held[generator] = size
        unfinished[generator]!.push(size)
      }
      held[generator]! -= 1
      processors[generator] = Math.max(at, processors[generator]!) + generatorMs
      // A sequence of equal steps over an irrational number is even, and the same each time.
      turn = (turn + Math.SQRT2) % 1
      timeline.add(processors[generator]! + latencyMs * (0.8 + 0.4 * turn), () => answered(generator))
    }
    const answered = (generator: number): void => {
      journal = Math.max(now, journal) + journalMs
      timeline.add(journal + acknowledgeMs, () => kept(generator))
    }
    const kept = (generator: number): void => {
      const shards = unfinished[generator]!
      shards[0]! -= 1
      if (shards[0] === 0) {
        shards.shift()
        const critic = checkers.indexOf(Math.min(...checkers))
        checkers[critic] = Math.max(now, checkers[critic]!) + shardSize * checkMs
        checkedAt = Math.max(checkedAt, checkers[critic]!)
      }
      ask(generator, now)
    }
    for (let call = 0; call < callsPerGenerator; call++)
      for (let generator = 0; generator < generators; generator++) ask(generator, now)
    for (let event = timeline.next(); event; event = timeline.next()) {
      now = event.at
      event.happen()
    }
    const pass = wanted * decideMs + made * rememberMs
    const closedAt = Math.max(now, checkedAt) + pass
    idleMs += closedAt - firstIdleAt
    checkingMs += Math.max(0, checkedAt - now)
    passMs += pass
    now = closedAt
    made += wanted
  }
  const idealMs = (rows * latencyMs) / (generators * callsPerGenerator)
  // What keeps the teacher from being asked all the time; nothing much does where the ideal is nearly reached.
  const lost: Record<Limit, number> = {
    teacher: enough * idealMs,
    generator: (rows * generatorMs) / generators - idealMs,
    journal: rows * journalMs - idealMs,
    critic: checkingMs,
    lastReplies: idleMs - passMs - checkingMs,
    admission: passMs,
  }
  const [limit] = Object.entries(lost).reduce((most, each) => (each[1] > most[1] ? each : most))
  return { seconds: now / 1000, share: idealMs / now, idleShare: idleMs / now, limit: limit as Limit, rounds }
}
