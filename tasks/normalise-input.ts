/** An input without case, punctuation and spacing, so that trivial edits do not hide a copy. Numbers stay as they are. */
export function normaliseInput(input: string): string {
  return input
    .toLowerCase()
    .replace(/(?<!\d)[.,]|[.,](?!\d)|[^\p{L}\p{N}.,\s]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}
