import { createLog } from '../../../agents/kit/log.ts'
import { type Bus, type Kv, withDocuments } from '../../../bus/mod.ts'
import { homeFolder } from '../../../machine/folders.ts'
import type { ObjectRef } from '../../../schemas/ids.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import { Batch, type Shard } from '../../../schemas/messages/generation.ts'
import { describePlugin } from '../../../schemas/plugin.ts'
import { asksModel, chosenIn } from '../../../schemas/variants.ts'
import { bundleFiles, type JournalBucket, journalBuckets } from '../manifest.ts'
import type { Bundle } from '../read.ts'
import { JournalLine } from '../records.ts'
import { openGenerator, unpaid } from '../replay/agents.ts'
import { JournalGap, replayBus } from '../replay/replay-bus.ts'
import { type Check, messagePlace } from './check.ts'

/** Every candidate made again by the run's generator, from its shard's seed or from the journal, without one call. */
export const candidatesCheck: Check = {
  name: 'candidates',
  what: 'every candidate made again from seeds and journal',
  async run({ bundle, facts, config, entries }, ledger) {
    const { generator: model } = config.models
    const plugin = config.plugins?.generator
    if (plugin) return ledger.leave(`rows of the generator ${describePlugin(plugin)}, whose code is not in the bundle`)
    if (asksModel(chosenIn(config, 'generator')) && model === undefined)
      return ledger.leave('this run does not say which model its generator asked')
    const { bus, recorded } = replayBus(await bundleBus(bundle))
    const signal = new AbortController().signal
    const log = createLog({ role: 'verify' }, { level: 'silent' })
    const options = model === undefined ? {} : { model }
    const setting = { config, contaminationKey: null, options, home: homeFolder(), log, signal }
    const generator = await openGenerator(bus, setting)
    const batches = new Map(
      entries.flatMap(({ name, payload }) => {
        const batch = name === Batch.name ? Batch.schema.safeParse(payload) : null
        return batch?.success ? [[keyOf(batch.data), batch.data] as const] : []
      }),
    )
    try {
      for (const shard of facts.shards) {
        const batch = batches.get(keyOf(shard.payload))
        if (!batch) continue
        const place = (field: string) => messagePlace('shard', shard, field)
        const asked = batch.asked ?? batch.candidates.length + batch.failures.length
        ledger.same(place('count'), shard.payload.count, asked)
        if (asked !== shard.payload.count) continue
        try {
          await generator.make(unpaid(shard.payload))
        } catch (error) {
          if (!(error instanceof JournalGap)) throw error
          ledger.differs({ place: place('its journal'), recorded: 'complete', recomputed: error.message })
          continue
        }
        const made = Batch.schema.parse(recorded.get(Batch.name))
        ledger.same(place('candidates: their number'), batch.candidates.length, made.candidates.length)
        for (const [index, row] of made.candidates.entries())
          ledger.same(place(`candidate ${row.id}`), batch.candidates[index], row)
        ledger.same(place('failures'), batch.failures, made.failures)
      }
    } finally {
      await generator.release()
    }
  },
}

const keyOf = ({ round, shard }: Pick<PayloadOf<typeof Shard>, 'round' | 'shard'>): string =>
  `${round.attempt}.${round.round}.${shard}`

const readOnly = async (): Promise<never> => {
  throw new Error('a bundle is only read')
}

/** The journals and objects of a bundle as a bus has them; of a bus there is nothing else, and nothing is written. */
async function bundleBus(bundle: Bundle): Promise<Bus> {
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
