import { hashOf } from '../../../schemas/hash.ts'
import { Program } from '../../../schemas/program.ts'
import { bundleFiles } from '../manifest.ts'
import { type Check, has, messagePlace, roundOf } from './check.ts'

/** Every program against its hash, and what the shards asked for against their program. */
export const programsCheck: Check = {
  name: 'programs',
  what: 'program hashes, and the sources of every shard',
  async run(evidence, ledger) {
    const { facts, bundle, config } = evidence
    for (const decision of facts.decisions) {
      const { program, programHash } = decision.payload
      if (program) ledger.same(messagePlace('decision', decision, 'programHash'), programHash, hashOf(program))
    }
    for (const shard of facts.shards) {
      const { round: key, source } = shard.payload
      const round = await roundOf(evidence, key, ledger)
      if (!round || !has(evidence, round.program, ledger)) continue
      const program = await bundle.json(bundleFiles.object(round.program.sha256), Program)
      ledger.same(messagePlace('shard', shard, 'round.programHash'), round.programHash, hashOf(program))
      ledger.same(messagePlace('shard', shard, 'round'), [key.attempt, key.round], [round.attempt, round.round])
      const isOne = program.sources.some(({ id }) => id === source)
      ledger.same(messagePlace('shard', shard, 'source, one of its program'), isOne, true)
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
      if (config.generate)
        ledger.same(
          messagePlace('shard', shard, 'round.programHash'),
          round.programHash,
          hashOf(config.generate.program),
        )
    }
  },
}
