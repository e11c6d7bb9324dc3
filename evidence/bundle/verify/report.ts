import { z } from 'zod'
import { bundleFiles } from '../manifest.ts'
import { reportOfFolder } from '../report-of-folder.ts'
import type { Check } from './check.ts'
import type { Ledger } from './ledger.ts'

export const reportCheck: Check = {
  name: 'report',
  what: 'every value of report.json from the log and the rows',
  async run({ bundle, entries, published }, ledger) {
    const recorded = await bundle.json(bundleFiles.report, z.json())
    // As JSON, which is what a report is once it is written.
    const due = JSON.parse(JSON.stringify(await reportOfFolder(bundle, entries)))
    compareReports(bundleFiles.report, recorded, due, ledger)
    if (published) compareReports(published.file, published.report, due, ledger)
  },
}

/** Two machines may differ in the last digit of a logarithm. */
const tolerance = 1e-9

/** Compares two reports leaf by leaf; a difference is named by its path, as `sealed.contrasts.arms[0].rows`. */
function compareReports(file: string, recorded: unknown, recomputed: unknown, ledger: Ledger, path = ''): void {
  if (isBranch(recorded) && isBranch(recomputed) && Array.isArray(recorded) === Array.isArray(recomputed)) {
    for (const key of new Set([...Object.keys(recorded), ...Object.keys(recomputed)])) {
      const inner = Array.isArray(recorded) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
      compareReports(file, own(recorded, key), own(recomputed, key), ledger, inner)
    }
    return
  }
  ledger.count(1)
  if (!isSame(recorded, recomputed))
    ledger.differs({ place: `${file}: ${path}`, recorded: recorded ?? null, recomputed: recomputed ?? null })
}

/** A value of its own: a report may name a field as objects name what they inherit. */
const own = (value: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(value, key) ? value[key] : undefined

const isBranch = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'number' || typeof other !== 'number') return one === other
  return Math.abs(one - other) <= tolerance * Math.max(1, Math.abs(one), Math.abs(other))
}
