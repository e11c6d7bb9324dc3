import type { StoredEntry } from '../../bus/mod.ts'

/** What one check of a suite found. */
export type Finding = {
  check: string
  /** What it is that holds, or should. */
  expects: string
  passed: boolean
  /** What was wrong; left out where nothing is. */
  what?: string
  /** Where to look, and what to change. */
  look?: string
  /** Why it was not tried. */
  skipped?: string
}

/** A check that failed: what was seen, and where to look. */
export class CheckFailed extends Error {
  readonly look: string

  constructor(what: string, look: string) {
    super(what)
    this.name = 'CheckFailed'
    this.look = look
  }
}

/** One check of a role's suite. */
export type ConformanceCheck<C> = {
  name: string
  expects: string
  /** Why it does not apply, where it does not. */
  skip?: (context: C) => string | null
  run: (context: C) => Promise<void>
}

/** @throws CheckFailed where the condition does not hold */
export function ensure(holds: boolean, what: string, look: string): asserts holds {
  if (!holds) throw new CheckFailed(what, look)
}

/** Runs the checks one after the other; those after one that could not start the agent are not tried. */
export async function runChecks<C>(
  checks: readonly ConformanceCheck<C>[],
  context: C,
  onFinding: (finding: Finding) => void,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { name, expects, skip, run } of checks) {
    const skipped = skip?.(context) ?? null
    const finding: Finding = { check: name, expects, passed: true, ...(skipped !== null && { skipped }) }
    if (skipped === null) {
      await run(context).catch((error: unknown) => {
        finding.passed = false
        finding.what = error instanceof Error ? error.message : String(error)
        finding.look =
          error instanceof CheckFailed ? error.look : 'This is no fault that the suite looks for: see the log.'
      })
    }
    findings.push(finding)
    onFinding(finding)
  }
  return findings
}

/** The entries of one message, parsed. */
export const entriesOf = <T>(entries: readonly StoredEntry[], name: string): (StoredEntry & { payload: T })[] =>
  entries.filter((entry) => entry.name === name) as (StoredEntry & { payload: T })[]
