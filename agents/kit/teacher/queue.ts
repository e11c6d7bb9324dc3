import type { Call } from './call.ts'

/** Calls that wait for a place. One that is to be tried again holds no place until its time, and then goes before the others. */
export type Queue = {
  /** Whether nothing waits, for a place or for its time. */
  readonly isEmpty: boolean
  add(call: Call): void
  addLater(call: Call, notBefore: number): void
  /** Lets those take their turn whose time has come, and rejects those that are aborted. */
  update(now: number): void
  /** Whether a call waits for nothing but a place. */
  readonly hasNext: boolean
  next(): Call
  clear(): Call[]
}

/** An empty queue; calls are given places in the order they came. */
export function createQueue(): Queue {
  let ready: Call[] = []
  let later: { call: Call; notBefore: number }[] = []

  function dropAborted(): void {
    const aborted = [...ready, ...later.map(({ call }) => call)].filter(({ signal }) => signal.aborted)
    if (aborted.length === 0) return
    ready = ready.filter(({ signal }) => !signal.aborted)
    later = later.filter(({ call }) => !call.signal.aborted)
    for (const { settle, signal } of aborted) settle.reject(signal.reason)
  }

  return {
    get isEmpty() {
      return ready.length === 0 && later.length === 0
    },
    get hasNext() {
      return ready.length > 0
    },
    add: (call) => void ready.push(call),
    addLater: (call, notBefore) => void later.push({ call, notBefore }),
    update(now) {
      dropAborted()
      const due = later.filter(({ notBefore }) => notBefore <= now)
      if (due.length === 0) return
      ready.unshift(...due.map(({ call }) => call))
      later = later.filter(({ notBefore }) => notBefore > now)
    },
    next: () => ready.shift()!,
    clear() {
      const all = [...ready, ...later.map(({ call }) => call)]
      ready = []
      later = []
      return all
    },
  }
}

/** One request under way. Times are those of `performance.now()`: a clock that is set anew gives up no request, and delays none. */
type InFlightRequest = Disposable & { readonly startedAt: number; readonly signal: AbortSignal }

type InFlightRequests = {
  /** A request that is given up when it is older than so many time-outs, or with the signal. */
  begin(patience: number, signal: AbortSignal): InFlightRequest
  giveUpOld(now: number): void
}

/** Requests whose time-out is that of the moment: it may grow shorter while they are under way. */
export function createInFlightRequests(timeoutMs: () => number): InFlightRequests {
  const inFlightRequests = new Set<{ startedAt: number; patience: number; abort: AbortController }>()
  return {
    begin(patience, signal) {
      const request = { startedAt: performance.now(), patience, abort: new AbortController() }
      const stop = () => request.abort.abort()
      signal.addEventListener('abort', stop)
      inFlightRequests.add(request)
      return {
        startedAt: request.startedAt,
        signal: request.abort.signal,
        [Symbol.dispose]() {
          signal.removeEventListener('abort', stop)
          inFlightRequests.delete(request)
        },
      }
    },
    giveUpOld(now) {
      for (const { startedAt, patience, abort } of inFlightRequests) {
        if (now - startedAt > timeoutMs() * patience) abort.abort()
      }
    },
  }
}
