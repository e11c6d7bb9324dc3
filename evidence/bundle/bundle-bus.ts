import { type Bus, type Kv, withDocuments } from '../../bus/mod.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import { bundleFiles, type JournalBucket, journalBuckets } from './manifest.ts'
import type { Bundle } from './read.ts'
import { JournalLine } from './records.ts'

const readOnly = async (): Promise<never> => {
  throw new Error('a bundle is only read')
}

/** The journals and objects of a bundle as a bus has them; of a bus there is nothing else, and nothing is written. */
export async function bundleBus(bundle: Bundle): Promise<Bus> {
  const journals = new Map<JournalBucket, Map<string, JournalLine['value']>>()
  for (const bucket of journalBuckets) {
    const entries = new Map<string, JournalLine['value']>()
    for await (const { key, value } of bundle.lines(bundleFiles.journal(bucket), JournalLine)) entries.set(key, value)
    journals.set(bucket, entries)
  }
  const get = async ({ sha256 }: ObjectRef) =>
    Buffer.concat(await Array.fromAsync(bundle.pieces(bundleFiles.object(sha256))))
  const objects = withDocuments({
    get,
    put: readOnly,
    putPieces: readOnly,
    has: async ({ sha256 }) => bundle.files.has(bundleFiles.object(sha256)),
    async *pieces(ref) {
      yield await get(ref)
    },
  })
  const kv = (bucket: JournalBucket): Kv<JournalLine['value']> => {
    const entries = journals.get(bucket) ?? new Map<string, JournalLine['value']>()
    return {
      get: async (key) => {
        const value = entries.get(key)
        return value ? { value, revision: 1 } : null
      },
      keys: async () => [...entries.keys()],
      create: readOnly,
      update: readOnly,
      modify: readOnly,
      put: readOnly,
      delete: readOnly,
      watch: async function* () {},
    }
  }
  return { kv, objects } as unknown as Bus
}
