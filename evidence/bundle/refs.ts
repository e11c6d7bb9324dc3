import { ObjectRef } from '../../schemas/ids.ts'

export type PlacedRef = { place: string; ref: ObjectRef }

/**
 * Every object of LAB that a message names, with its place in the message. Left out are adapters, which are bundled by their hash
 * alone, as is the student's tokenizer, and the contamination index, which only the holder of its key could read. What lies in EXAM and VAULT is sealed.
 */
export function* refsIn(value: unknown, place = ''): Generator<PlacedRef> {
  if (typeof value !== 'object' || value === null) return
  const found = ObjectRef.safeParse(value)
  if (found.success) {
    if (isBundled(found.data)) yield { place, ref: found.data }
    return
  }
  for (const [key, inner] of Object.entries(value)) {
    yield* refsIn(inner, Array.isArray(value) ? `${place}[${key}]` : place === '' ? key : `${place}.${key}`)
  }
}

const isBundled = ({ account, name }: ObjectRef): boolean =>
  account === 'LAB' && !['contamination', 'tokenizer'].includes(name) && !name.startsWith('adapter/')
