import type { z } from 'zod'
import type { Bus } from '../../bus/mod.ts'
import type { ObjectRef } from '../../schemas/ids.ts'

/** Remembers the last few results of an asynchronous look-up by key. A failed look-up is not remembered. */
export function memo<K, V>(
  lookUp: (key: K) => Promise<V>,
  keyOf: (key: K) => string,
  limit = 16,
): (key: K) => Promise<V> {
  const known = new Map<string, Promise<V>>()
  return (key) => {
    const name = keyOf(key)
    const before = known.get(name)
    if (before) return before
    const value = lookUp(key)
    known.set(name, value)
    value.catch(() => known.delete(name))
    if (known.size > limit) known.delete(known.keys().next().value as string)
    return value
  }
}

/** The same of what is made from a stored object, which never changes. */
export const memoByHash = <V>(lookUp: (ref: ObjectRef) => Promise<V>): ((ref: ObjectRef) => Promise<V>) =>
  memo(lookUp, ({ sha256 }) => sha256)

/** Reads a stored JSON document; one that was read of late is not read again. */
export const cachedJson = <S extends z.ZodType>({ objects }: Pick<Bus, 'objects'>, schema: S) =>
  memoByHash((ref) => objects.getJson(ref, schema))
