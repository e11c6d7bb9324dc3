import { isObject } from '../../schemas/is-object.ts'

/** A value with another laid over it: mappings key by key, anything else is replaced. */
export function laidOver(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over
  const merged = { ...base }
  for (const [key, value] of Object.entries(over)) merged[key] = key in base ? laidOver(base[key], value) : value
  return merged
}
