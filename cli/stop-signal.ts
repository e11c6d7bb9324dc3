let shared: AbortController | null = null

/**
 * Aborts at the first SIGINT or SIGTERM, so that what runs can drain; the second ends the process at once with the signal's own
 * exit status.
 */
export function stopSignal(): AbortSignal {
  if (shared) return shared.signal
  const controller = new AbortController()
  shared = controller
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        process.removeAllListeners(name)
        process.kill(process.pid, name)
        return
      }
      process.stderr.write('\nstopping: what is in hand is finished first; press again to force\n')
      controller.abort()
    })
  }
  return controller.signal
}
