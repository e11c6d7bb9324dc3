/**
 * Where a value holds a text with half of a surrogate pair, which JSON can spell (`"\ud83d"`) and no UTF-8 can hold: a tokenizer ends in an error
 * at it. The path of the first such text or key, such as `input` or `choices.2`; null where there is none; empty for the value itself.
 */
export function halfCharacterIn(value: unknown): string | null {
  if (typeof value === 'string') return value.isWellFormed() ? null : ''
  if (typeof value !== 'object' || value === null) return null
  for (const [key, member] of Object.entries(value)) {
    if (!key.isWellFormed()) return key.toWellFormed()
    const inner = halfCharacterIn(member)
    if (inner !== null) return inner === '' ? key : `${key}.${inner}`
  }
  return null
}
