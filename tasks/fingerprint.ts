import { createHash } from 'node:crypto'
import type { ContaminationIndex, Item } from '../schemas/task.ts'

/** Lower-case hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

/** An input without case, punctuation and spacing, so that trivial edits do not hide a copy. Numbers stay as they are. */
export function normaliseInput(input: string): string {
  return input
    .toLowerCase()
    .replace(/(?<!\d)[.,]|[.,](?!\d)|[^\p{L}\p{N}.,\s]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

/** What a critic compares a row's core key with. */
export function hashCoreKey(coreKey: string): string {
  return sha256(`core:${coreKey}`)
}

/** What a critic compares a row's input with. */
export function hashInput(input: string): string {
  return sha256(`input:${normaliseInput(input)}`)
}

/** Hashes of all cores and inputs, sorted, so that their order tells nothing. */
export function contaminationIndex(items: readonly Pick<Item, 'coreKey' | 'input'>[]): ContaminationIndex {
  return {
    coreKeys: [...new Set(items.map((item) => hashCoreKey(item.coreKey)))].sort(),
    inputs: [...new Set(items.map((item) => hashInput(item.input)))].sort(),
  }
}
