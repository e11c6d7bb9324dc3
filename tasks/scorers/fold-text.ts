/** Without case, spacing, and quotes or marks around it. */
export function foldText(text: string): string {
  return trimMarks(text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' '), '"\'`*_.,;:!?()[]')
}

/** The text without the characters in `marks` (and, with `spaces`, white space) at its ends. Linear, unlike a pattern. */
export function trimMarks(text: string, marks: string, { spaces = true, start = true } = {}): string {
  const isMark = (character: string) => marks.includes(character) || (spaces && character.trim() === '')
  let from = 0
  let to = text.length
  while (start && from < to && isMark(text[from]!)) from += 1
  while (to > from && isMark(text[to - 1]!)) to -= 1
  return text.slice(from, to)
}
