import { trainingSeeds } from '../../../agents/planner/evidence/training-seeds.ts'
import { armSeedOf } from '../../../schemas/arm.ts'
import { type Check, messagePlace } from './check.ts'

/** Every seed against the one of the run, from which it follows. */
export const seedsCheck: Check = {
  name: 'seeds',
  what: "all seeds from the run's seed",
  async run({ facts, config }, ledger) {
    // A run that makes data alone trains nothing: it has a seed of its own.
    const alone = { search: config.seed, replays: [config.seed], further: () => config.seed }
    const { search, replays, further } = config.generate ? alone : trainingSeeds(config)
    for (const shard of facts.shards)
      ledger.same(messagePlace('shard', shard, 'seed'), shard.payload.seed, String(config.seed))
    for (const job of facts.jobs) {
      const { studentModel, training } = job.payload
      const { arm, seedIndex } = armSeedOf(studentModel)
      const ofSearch = seedIndex === 1 ? search : further(seedIndex)
      const due = arm === 'base' ? null : arm === 'submission' ? ofSearch : replays[seedIndex - 1]
      ledger.same(messagePlace('job', job, 'training.seed'), training?.seed ?? null, due)
    }
    for (const finished of facts.finished) {
      const { seeds } = finished.payload
      ledger.same(messagePlace('run-finished', finished, 'seeds.search'), seeds.search, [search])
      ledger.same(messagePlace('run-finished', finished, 'seeds.replay'), seeds.replay, replays[0])
      if (seeds.replays.length > 0)
        ledger.same(messagePlace('run-finished', finished, 'seeds.replays'), seeds.replays, replays)
    }
  },
}
