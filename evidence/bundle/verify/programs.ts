import { hashOf } from '../../../schemas/hash.ts'
import { Program } from '../../../schemas/program.ts'
import { bundleFiles } from '../manifest.ts'
import { type Check, has, messagePlace } from './check.ts'

/** Every program against its hash, and what the shards asked for against their program. */
export const programs: Check = {
  name: 'programs',
  what: 'program hashes, and the sources of every shard',
  async run(evidence, ledger) {
    const { facts, bundle, config } = evidence
    for (const decision of facts.decisions) {
      const { program, programHash } = decision.payload
      if (program) ledger.same(messagePlace('decision', decision, 'programHash'), programHash, hashOf(program))
    }
    for (const shard of facts.shards) {
      const { round, source } = shard.payload
      if (!has(evidence, round.program, ledger)) continue
      const program = await bundle.json(bundleFiles.object(round.program.sha256), Program)
      ledger.same(messagePlace('shard', shard, 'round.programHash'), round.programHash, hashOf(program))
      const own = program.sources.find(({ id }) => id === source.id)
      ledger.same(messagePlace('shard', shard, 'source'), source, own)
      const decided = facts.decisions.find(
        ({ payload }) => payload.attempt === round.attempt && payload.programHash === round.programHash,
      )
      // The control follows a program that nobody decided on.
      if (round.attempt > 0)
        ledger.same(
          messagePlace('shard', shard, 'round.programHash, one that was decided on'),
          true,
          decided !== undefined,
        )
    }
    if (config.generate) {
      for (const shard of facts.shards)
        ledger.same(
          messagePlace('shard', shard, 'round.programHash'),
          shard.payload.round.programHash,
          hashOf(config.generate.program),
        )
    }
  },
}
