/** One request under way. Times are those of `performance.now()`: a clock that is set anew gives up no request, and delays none. */
export type Flight = Disposable & { readonly startedAt: number; readonly signal: AbortSignal }

/** The requests under way. */
export type Flights = {
  /** A request that is given up when it is older than so many time-outs, or with the signal. */
  begin(patience: number, signal: AbortSignal): Flight
  giveUpOld(now: number): void
}

/** Requests whose time-out is that of the moment: it may grow shorter while they are under way. */
export function createFlights(timeoutMs: () => number): Flights {
  const flights = new Set<{ startedAt: number; patience: number; abort: AbortController }>()
  return {
    begin(patience, signal) {
      const flight = { startedAt: performance.now(), patience, abort: new AbortController() }
      const stop = () => flight.abort.abort()
      signal.addEventListener('abort', stop)
      flights.add(flight)
      return {
        startedAt: flight.startedAt,
        signal: flight.abort.signal,
        [Symbol.dispose]() {
          signal.removeEventListener('abort', stop)
          flights.delete(flight)
        },
      }
    },
    giveUpOld(now) {
      for (const { startedAt, patience, abort } of flights) {
        if (now - startedAt > timeoutMs() * patience) abort.abort()
      }
    },
  }
}
