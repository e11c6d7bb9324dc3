export type { ExportContext } from './data-card.ts'
export { type ExportTo, exportAttempt } from './export-attempt.ts'
export { type ExportedFiles, exportRows } from './export-rows.ts'
export { type ExportFormat, exportFormats, provenanceOption } from './options.ts'
