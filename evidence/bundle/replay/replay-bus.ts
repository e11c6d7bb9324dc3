import { type Bus, type Kv, withDocuments, withModify } from '../../../bus/mod.ts'
import { sha256 } from '../../../schemas/hash.ts'

/** The journal has no entry for a call that the run must have made. */
export class JournalGap extends Error {
  constructor(bucket: string, key: string) {
    super(
      `the journal (${bucket}) has no entry ${key}: it was purged, or the run was made with other prompts or another model`,
    )
    this.name = 'JournalGap'
  }
}

const journals: readonly string[] = ['journal', 'check-journal']

/**
 * A bus on which a generator and a critic do a run's work again: they read the real one and write nothing to it. What they
 * put, and what they said last of each message, is kept here; their records begin empty. A call finds its end in the run's journal, and is
 * never made.
 */
export function replayBus(real: Bus): { bus: Bus; recorded: ReadonlyMap<string, unknown> } {
  const recorded = new Map<string, unknown>()
  const blobs = new Map<string, Uint8Array>()
  const get: Bus['objects']['get'] = async (ref) => blobs.get(ref.sha256) ?? (await real.objects.get(ref))
  const put: Bus['objects']['put'] = async (account, name, bytes) => {
    const ref = { account, name, sha256: sha256(bytes), bytes: bytes.length }
    blobs.set(ref.sha256, bytes)
    return ref
  }
  const objects = withDocuments({
    get,
    put,
    putPieces: async (account, name, pieces) => put(account, name, Buffer.concat(await Array.fromAsync(pieces))),
    has: async (ref) => blobs.has(ref.sha256) || (await real.objects.has(ref)),
    async *pieces(ref) {
      yield await get(ref)
    },
  })
  const buckets = new Map<string, Kv<unknown>>()
  const kv: Bus['kv'] = (bucket, schema) => {
    const open = () => (journals.includes(bucket) ? readOnly(real.kv(bucket, schema), bucket) : inMemory())
    const kept = buckets.get(bucket) ?? open()
    buckets.set(bucket, kept)
    return kept as ReturnType<Bus['kv']> as never
  }
  const publish = async ({ name }: { name: string }, _to: unknown, payload: unknown) => {
    recorded.set(name, payload)
    return { seq: 0, duplicate: false }
  }
  return { bus: { ...real, kv, objects, publish: publish as Bus['publish'] }, recorded }
}

/** A journal that answers every write with what is in it. */
function readOnly<T>(real: Kv<T>, bucket: string): Kv<T> {
  return withModify({
    ...real,
    async create(key) {
      if (await real.get(key)) return 'exists'
      throw new JournalGap(bucket, key)
    },
  })
}

function inMemory<T>(): Kv<T> {
  const values = new Map<string, { value: T; revision: number }>()
  let revision = 0
  const put = async (key: string, value: T) => {
    revision += 1
    values.set(key, { value, revision })
    return revision
  }
  return withModify({
    get: async (key) => values.get(key) ?? null,
    create: async (key, value) => (values.has(key) ? 'exists' : put(key, value)),
    update: async (key, value, at) => (values.get(key)?.revision === at ? put(key, value) : 'conflict'),
    put,
    delete: async (key) => void values.delete(key),
    keys: async () => [...values.keys()],
    // Nobody follows the records of a replay.
    watch: async function* () {},
  })
}
