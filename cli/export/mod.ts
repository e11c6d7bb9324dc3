export type { ExportContext } from './data-card.ts'
export { type ExportedFiles, exportRows } from './export-rows.ts'
export { type ExportFormat, exportFormats } from './format.ts'
export { provenanceOption } from './provenance.ts'
