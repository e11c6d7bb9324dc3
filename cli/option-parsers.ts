import { InvalidArgumentError } from 'commander'

/** A whole number of at least 0. */
export function whole(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('a whole number is wanted.')
  return value
}

/** A whole number of at least 1. */
export function positive(text: string): number {
  const value = whole(text)
  if (value === 0) throw new InvalidArgumentError('a number of at least 1 is wanted.')
  return value
}

/** Names with commas between them. */
export const names = (text: string): string[] => text.split(',').map((name) => name.trim())
