/** Exit codes of the command line; documented in docs/operations.md. */
export const exitCodes = {
  /** Done. */
  ok: 0,
  /** Something failed that is not the input's fault. */
  failure: 1,
  /** Bad input or a missing part: said at start-up, with what, where and how to fix it. */
  badInput: 2,
  /** The run ended without a valid dataset. */
  noResult: 3,
  /** A message became a dead letter and the run waits. */
  faulted: 4,
  /** Interrupted by a signal after draining; the run can be resumed. */
  interrupted: 130,
} as const
