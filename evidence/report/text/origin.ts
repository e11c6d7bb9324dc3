import type { Row } from '../../../schemas/row.ts'

/** Where a row comes from, in words. */
export function originText({ origin }: Row): string {
  const { generator, phrasing, range, difficulty } = origin
  return [
    `generator ${generator}`,
    phrasing && `phrasing ${phrasing}`,
    range && `${range} range`,
    difficulty !== undefined && `difficulty ${difficulty}`,
  ]
    .filter(Boolean)
    .join(', ')
}
