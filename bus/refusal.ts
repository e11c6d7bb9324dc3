import { errors } from 'nats'
import type { BusSetupError } from './errors.ts'

/** Whether the server refuses the user itself, not what it asks for. */
export const isUserRefused = (error: unknown): boolean =>
  error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError

type Watched = {
  awayMs: number
  faultOf: (error: Error) => BusSetupError
  /** Called once, with the last refusal. */
  onLasting: (fault: BusSetupError) => void
}

/**
 * Follows whether the servers refuse the user of a connection that was there, as after its node was revoked. It may be allowed again, as
 * after a change of the servers' configuration, so it is waited for like a server that is away. Refused again and again for `awayMs`, it is
 * refused for good. Between two refusals with silence between them the servers were merely away.
 */
export function watchRefusal({ awayMs, faultOf, onLasting }: Watched) {
  let fault: BusSetupError | null = null
  let [sinceMs, lastMs] = [0, 0]
  let isLasting = false
  return {
    /** The last refusal, until there is a connection again. */
    get now() {
      return fault
    },
    /** Takes in what the connection reports. */
    heard(error: Error) {
      if (!isUserRefused(error) || isLasting) return
      const nowMs = performance.now()
      if (!fault || nowMs - lastMs > awayMs / 2) sinceMs = nowMs
      lastMs = nowMs
      fault = faultOf(error)
      isLasting = nowMs - sinceMs >= awayMs
      if (isLasting) onLasting(fault)
    },
    connected() {
      fault = null
    },
  }
}
