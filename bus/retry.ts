import { setTimeout as sleep } from 'node:timers/promises'
import { JetStreamApiError } from '@nats-io/jetstream'
import { errors, type NatsConnection } from 'nats'
import { BusSetupError, reasonOf } from './errors.ts'

/**
 * Which of the server's refusals pass by themselves, so that asking again is right. The rule is that of HTTP: status 503 (unavailable) and
 * 429 (too many) pass, all others stay. Here stand the exceptions, by the codes of nats-server's `server/errors.json`.
 */
const passesAlthough: ReadonlySet<number> = new Set([
  10_005, // 400 no suitable peers for placement: nodes of the cluster are away
  10_007, // 500 the cluster is not assigned to this server (yet)
  10_009, // 500 this server is not the leader: an election is under way
  10_041, // 500 a fault of the consensus (RAFT), as when a node leaves it
  10_096, // 500 the stream is not valid: it is being opened or moved
  10_118, // 500 the stream is offline
  10_119, // 500 the consumer is offline
  10_124, // 400 the stream is being moved
  10_158, // 409 the first delivery of this very message is still being stored
  10_194, // 500 the stream is offline, with a reason
  10_195, // 500 the consumer is offline, with a reason
  10_202, // 400 the members of the cluster are changing
  10_226, // 400 the stream is being reconfigured
])
const staysAlthough: ReadonlySet<number> = new Set([
  10_010, // 503 needs a cluster, and this server has none
  10_023, // 503 out of room, but for consumers (topology.ts): publishers wait for room by a rule of their own (publish.ts), and what makes streams says it at once
  10_035, // 503 there is no such account
  10_036, // 503 not supported in a cluster
  10_063, // 503 another stream sequence was expected
  10_077, // 503 the message could not be stored: full, or its subject is held (publish.ts knows which)
])

/** Answers without a body of JSON: 503 no responders, 408 no answer in time, 409 where the leader has changed or the server shuts down. */
const passingStatus: ReadonlySet<number> = new Set([408, 429, 503])

/** What a socket says of a server that is away, or of a network to it that is. */
const passingCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EAI_AGAIN',
])

const passes = (error: Error): boolean => {
  if (error instanceof JetStreamApiError) {
    if (passesAlthough.has(error.code)) return true
    return (error.status === 503 || error.status === 429) && !staysAlthough.has(error.code)
  }
  const code = 'code' in error ? error.code : undefined
  // The client keeps the class to itself.
  if (error.name === 'JetStreamStatusError')
    return passingStatus.has(Number(code)) || (code === 409 && /leadership|shutdown/i.test(error.message))
  if (error instanceof errors.TimeoutError || error instanceof errors.NoRespondersError) return true
  // "connection disconnected": the server went while the request was under way.
  if (error instanceof errors.ConnectionError || error instanceof errors.RequestError) return true
  if (error instanceof errors.ProtocolError) return /maximum connections|shutdown|stale connection/i.test(error.message)
  if (passingCodes.has(String(code))) return true
  // No stream answers on the subject: its server is away.
  return error.name === 'JetStreamNotEnabled'
}

/** Whether a request failed only because the server was away or slow, so that asking again is right. */
export function isPassing(error: unknown): boolean {
  const chain: Error[] = []
  for (let cause = error; cause instanceof Error; cause = cause.cause) chain.push(cause)
  // What the server refuses for good stays refused, whatever it is wrapped in.
  return chain.some(passes) && !isRefused(error)
}

/** Whether this user may not ask that. */
export const isRefused = (error: unknown): boolean =>
  error instanceof Error && (error instanceof errors.PermissionViolationError || isRefused(error.cause))

export const isNoResponders = (error: unknown): boolean =>
  error instanceof Error &&
  (error instanceof errors.NoRespondersError ||
    (error.name === 'JetStreamStatusError' && 'code' in error && error.code === 503) ||
    isNoResponders(error.cause))

/** Why a request failed, as a person should read it: what the client says of a stream that is away is that JetStream is not enabled. */
export function passingReason(error: unknown): string {
  // Where it is, and the fix, stand beside it.
  if (error instanceof BusSetupError) return error.what
  if (isNoResponders(error)) return 'nobody answers there (503)'
  if (error instanceof errors.TimeoutError) return 'no answer in time'
  if (error instanceof JetStreamApiError) return `${error.message} (${error.code})`
  // A connection that is tried at several addresses of a host fails with all of them, and says nothing itself.
  if (error instanceof AggregateError) return error.errors.map(passingReason).join(', ')
  const reason = reasonOf(error)
  // Where a connection is closed at once, the client has no error of its own.
  return reason === '' || reason.includes('undefined error') ? 'it closes the connection at once' : reason
}

export type Patience = {
  /** How long to go on asking; read anew each time, since a stop cuts it short. */
  deadlineMs: () => number
  /** Called with each failure once the waiting has lasted `reportMs`. */
  onWait?: (error: unknown) => void
  reportMs?: number
  signal?: AbortSignal | undefined
}

/** Asks again, with doubling pauses up to 1 s, while the server is away; gives up after the deadline with the last error. */
export async function throughRestarts<T>(
  ask: () => Promise<T>,
  { deadlineMs, onWait, reportMs = 0, signal }: Patience,
): Promise<T> {
  const since = performance.now()
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
    try {
      return await ask()
    } catch (error) {
      const waited = performance.now() - since
      if (!isPassing(error) || signal?.aborted || waited + pauseMs > deadlineMs()) throw error
      if (waited >= reportMs) onWait?.(error)
      await sleep(pauseMs, undefined, { signal }).catch(() => {})
    }
  }
}

/**
 * What `send` gives, which is called again each time that `everyMs` pass without an answer, as long as the server that is connected answers
 * a PING. The PONG comes after all that was sent before, and behind what the server is sending: a slow network is no reason to send more.
 * The first answer counts, of whichever call. For requests alone that may be done twice.
 */
export function firstAnswer<T>(nc: Pick<NatsConnection, 'flush'>, send: () => Promise<T>, everyMs: number): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const attempt = () => {
    if (isOver) return
    // Without a connection nothing is repeated here: the request fails, and is asked anew.
    timer = setTimeout(() => void nc.flush().then(attempt, () => {}), everyMs)
    send().then(resolve, reject)
  }
  attempt()
  return promise.finally(() => {
    isOver = true
    clearTimeout(timer)
  })
}

/**
 * What the promise gives, or null where that takes more milliseconds. The timer keeps the process alive as long as it runs: where
 * nothing else does, an await that nothing ends would end the process in its middle, with exit code 13.
 */
export async function atMost<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  const over = new AbortController()
  try {
    return await Promise.race([promise, sleep(ms, null, { signal: over.signal })])
  } finally {
    over.abort()
  }
}
