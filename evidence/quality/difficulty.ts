import type { Row } from '../../schemas/row.ts'
import type { Difficulty } from './facts.ts'

const number = /\d+(?:[.,]\d+)*/g
const word = /[\p{L}\p{N}]+/gu

/**
 * How hard a dataset's rows are. Where every row states its level, the levels; beside them, and without them, what goes with
 * difficulty: the length of question and reply, and the numbers in them. Null without rows.
 */
export function difficultyOf(rows: readonly Row[]): Difficulty | null {
  if (rows.length === 0) return null
  const mean = (of: (row: Row) => number) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length
  const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0
  const levels = new Map<number, number>()
  for (const { origin } of rows) {
    if (origin.difficulty !== undefined) levels.set(origin.difficulty, (levels.get(origin.difficulty) ?? 0) + 1)
  }
  const stated = [...levels.values()].reduce((sum, rowsOf) => sum + rowsOf, 0)
  return {
    levels:
      stated === rows.length
        ? [...levels].sort(([one], [other]) => one - other).map(([level, rowsOf]) => ({ level, rows: rowsOf }))
        : null,
    level: stated === rows.length ? mean(({ origin }) => origin.difficulty!) : null,
    questionWords: mean(({ input }) => count(input, word)),
    questionNumbers: mean(({ input }) => count(input, number)),
    replyWords: mean(({ output }) => count(output, word)),
    replyNumbers: mean(({ output }) => count(output, number)),
  }
}
