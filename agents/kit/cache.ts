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
