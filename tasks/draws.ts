import type { Item } from '../schemas/task.ts'

type Asked = Pick<Item, 'id' | 'input' | 'answer' | 'group'>

/**
 * Items as they are drawn: those that ask the same, but for case, spacing and punctuation, and have the same answer are one group, as a
 * copy says nothing that the first one did not. Items that have a group keep it, and so does one that is alone.
 */
export function asDrawn<T extends Asked>(items: readonly T[]): T[] {
  const alike = Map.groupBy(items, ({ input, answer }) =>
    JSON.stringify([normaliseInput(input) || input.trim(), answer]),
  )
  const groups = new Map<T, string>()
  for (const [first, ...copies] of alike.values()) {
    if (copies.length > 0) for (const item of [first!, ...copies]) groups.set(item, first!.group ?? `same:${first!.id}`)
  }
  return items.map((item) => {
    const group = item.group ?? groups.get(item)
    return group === item.group ? item : { ...item, group }
  })
}

/** An input without case, punctuation and spacing, so that trivial edits do not hide a copy. Numbers stay as they are. */
export function normaliseInput(input: string): string {
  return input
    .toLowerCase()
    .replace(/(?<!\d)[.,]|[.,](?!\d)|[^\p{L}\p{N}.,\s]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}
