import { createLog } from '../../../agents/kit/log.ts'
import { homeFolder } from '../../../machine/folders.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import { Batch, type Shard } from '../../../schemas/messages/generation.ts'
import { asksModel } from '../../../schemas/variants.ts'
import { bundleBus } from '../bundle-bus.ts'
import { openGenerator, unpaid } from '../replay/agents.ts'
import { JournalGap, replayBus } from '../replay/replay-bus.ts'
import { type Check, messagePlace } from './check.ts'

/** Every candidate made again by the run's generator, from its shard's seed or from the journal, without one call. */
export const candidates: Check = {
  name: 'candidates',
  what: 'every candidate made again from seeds and journal',
  async run({ bundle, facts, config, entries }, ledger) {
    const { generator: model } = config.models
    if (asksModel(config.variants.generator) && model === undefined)
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
