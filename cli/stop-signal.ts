let shared: AbortController | null = null

/** A shell, npx and timeout each pass on what a person pressed once. */
const samePressMs = 150

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP, so that what runs can drain; the second, `samePressMs` later or more, ends the process
 * at once with the signal's own exit status. A terminal that is closed sends SIGHUP more than once, and nobody presses anything: it
 * never forces.
 */
export function stopSignal(): AbortSignal {
  if (shared) return shared.signal
  const controller = new AbortController()
  shared = controller
  let firstAt = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        if (name === 'SIGHUP' || performance.now() - firstAt < samePressMs) return
        process.removeAllListeners(name)
        process.kill(process.pid, name)
        return
      }
      firstAt = performance.now()
      process.stderr.write('\nstopping: what is in hand is finished first; press again to force\n')
      controller.abort()
    })
  }
  return controller.signal
}
