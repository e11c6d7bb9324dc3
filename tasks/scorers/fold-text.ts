import { trimMarks } from './trim-marks.ts'

/** Without case, spacing, and quotes or marks around it. */
export function foldText(text: string): string {
  return trimMarks(text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' '), '"\'`*_.,;:!?()[]')
}
