import { outerGone } from '../../machine/outer-process.mjs'

let shared: AbortController | null = null

/** A shell, npx and timeout each pass on what a person pressed once. */
const samePressMs = 150

/** Whether the process was asked to stop. */
export const isStopping = (): boolean => shared?.signal.aborted === true

/** A terminal that closes, and whoever ends a session with SIGQUIT, means the same as Ctrl-C. */
const names = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/**
 * Aborts at the first of these signals, so that what runs can drain; the second, `samePressMs` later or more, ends the process at once
 * with the signal's own exit status.
 */
export function stopSignal(): AbortSignal {
  if (shared) return shared.signal
  const controller = new AbortController()
  shared = controller
  let firstAt: number | null = null
  const stop = () => {
    if (controller.signal.aborted) return
    process.stderr.write('\nstopping: what is in hand is finished first; press again to force\n')
    controller.abort()
  }
  for (const name of names) {
    process.on(name, () => {
      firstAt ??= performance.now()
      // A terminal that closes sends SIGHUP more than once, and nobody presses anything.
      if (!controller.signal.aborted || name === 'SIGHUP' || performance.now() - firstAt < samePressMs) return stop()
      for (const each of names) process.removeAllListeners(each)
      process.kill(process.pid, name)
    })
  }
  // No press of a person's: what ends with the signal that was meant for this process, too, does not count as the second one.
  process.on(outerGone, stop)
  return controller.signal
}
