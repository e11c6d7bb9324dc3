const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** A value with another laid over it: mappings key by key, anything else is replaced. */
export function laidOver(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over
  const merged = { ...base }
  for (const [key, value] of Object.entries(over)) merged[key] = key in base ? laidOver(base[key], value) : value
  return merged
}
