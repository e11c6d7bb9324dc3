/** One request under way. Times are those of `performance.now()`: a clock that is set anew gives up no request, and delays none. */
export type InFlightRequest = Disposable & { readonly startedAt: number; readonly signal: AbortSignal }

/** The requests under way. */
export type InFlightRequests = {
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
