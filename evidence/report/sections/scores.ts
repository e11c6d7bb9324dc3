import type { ScoreMode } from '../../../schemas/task.ts'
import { type Cell, type Column, number, type Under } from '../document/document.ts'
import type { ReportData } from '../report-data.ts'
import { itemsText, missing, type ShownInterval, type Write } from '../text/format.ts'
import { allParts, labelOf } from '../text/names.ts'

/** The part of the test that counts, the scoring that does, and the other scoring. */
export type Scoring = { headline: string; primary: ScoreMode; other: ScoreMode }

export function scoringOf({ sealed, task }: Pick<ReportData, 'sealed' | 'task'>): Scoring {
  const primary = task?.primary ?? 'strict'
  return { headline: sealed?.parts[0] ?? allParts, primary, other: primary === 'strict' ? 'lenient' : 'strict' }
}

/** The ends of an interval, written by `write`. */
export const range = (interval: ShownInterval, write: Write): Under =>
  interval ? [write(interval.low), write(interval.high)] : null

/** Whether an interval of a difference lies above zero, below it, or around it. */
export const tone = (interval: ShownInterval) =>
  !interval ? '' : interval.low > 0 ? 'up' : interval.high < 0 ? 'down' : ''

/** The column of a part, with how much was asked of it. */
export const partColumn = (
  part: string,
  { headline }: Scoring,
  asked: { items: number; groups: number } = { items: 0, groups: 0 },
): Column => ({ ...number(labelOf(part), itemsText(asked)), isLead: part === headline })

/** A figure under both scorings: the primary's with what stands under it, then the other's. */
export function underBoth<T>(
  figures: Readonly<Record<ScoreMode, T>> | undefined,
  { primary, other }: Scoring,
  write: (figure: T) => string,
  under: (figure: T, mode: ScoreMode) => readonly Under[] = () => [],
): Exclude<Cell, string> {
  if (!figures) return { text: missing }
  const [main, second] = [figures[primary], figures[other]]
  return { text: write(main), under: [...under(main, primary), `${other} ${write(second)}`, ...under(second, other)] }
}
