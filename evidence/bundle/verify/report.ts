import { z } from 'zod'
import { bundleFiles } from '../manifest.ts'
import { reportOfFolder } from '../report-of-folder.ts'
import type { Check } from './check.ts'
import { compareReports } from './compare-reports.ts'

/** Every number and every sentence of the report. */
export const report: Check = {
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
