import { plural } from '../../schemas/number-text.ts'
import type { AgentFindings } from './check-agent.ts'
import type { Finding } from './finding.ts'

/** A finding as a person reads it: what holds, or what does not and where to look. */
export function findingText({ check, expects, passed, what, look, skipped }: Finding): string {
  if (skipped !== undefined) return `- ${check}: not tried, ${skipped}`
  if (passed) return `ok ${check}: ${expects}`
  return [`FAILED ${check}: ${what}`, `   expected: ${expects}`, `   ${look}`].join('\n')
}

/** The whole, with the end of the agents' log where something failed. */
export function findingsText({ role, variant, findings, failed, log }: AgentFindings): string {
  const tried = findings.filter(({ skipped }) => skipped === undefined).length
  if (failed === 0) return `${role} ${variant}: all ${tried} ${plural(tried, 'check')} passed.`
  const last = log.trim().split('\n').slice(-10).join('\n')
  return `${role} ${variant}: ${failed} of ${tried} ${plural(tried, 'check')} failed. The end of its log:\n${last}`
}
