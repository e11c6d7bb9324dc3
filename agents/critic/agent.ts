import type { Cause } from '../../bus/mod.ts'
import type { Round } from '../../schemas/messages/generation.ts'
import { roundKey } from '../../schemas/messages/generation.ts'
import type { AgentContext, AgentModule, StartedAgent } from '../kit/agent.ts'
import { openRounds } from '../kit/rounds.ts'
import { closeRound } from './admit-round.ts'
import { type Checker, openRules } from './checker.ts'
import { openPluginChecker } from './plugin-checker.ts'
import { isComplete, RoundRecord } from './round-record.ts'
import type { BatchPayload } from './row-checks.ts'
import { openRulesAndJudge } from './rules-and-judge/work.ts'

/** The handler of both variants: a batch is checked and noted; whoever notes the last one of a round closes it. */
function start({ bus }: AgentContext, check: Checker): StartedAgent<'critic'> {
  const { roundOf } = openRounds(bus)
  const records = bus.kv('admission', RoundRecord)

  /** Notes a shard as checked; returns the record with it. A shard noted before stays as it is. */
  async function note(
    name: string,
    round: Round,
    shard: number,
    entry: RoundRecord['done'][string],
  ): Promise<RoundRecord> {
    const { value } = await records.modify(name, (current) =>
      current?.done[shard] ? current : { shards: round.shards, done: { ...current?.done, [shard]: entry } },
    )
    return value
  }

  async function onBatch(
    batch: BatchPayload,
    { runId, cause, signal }: { runId: string; cause: Cause; signal: AbortSignal },
  ): Promise<void> {
    const { shard } = batch
    const round = await roundOf(batch.round)
    const name = roundKey(runId, round)
    const checked = await check(batch, { round, runId, signal })
    const record = await note(name, round, shard, { ...checked, source: batch.source })
    if (isComplete(record)) await closeRound(bus, { round, runId, record, cause })
  }

  return { handlers: { batch: onBatch } }
}

/** critic: decides which candidates become rows, each refusal with one reason. */
export const critic: AgentModule<'critic'> = {
  role: 'critic',
  variants: {
    rules: async (context) => start(context, openRules(context)),
    'rules-and-judge': async (context) => start(context, await openRulesAndJudge(context)),
  },
  async plugin(context, plugin) {
    const { check, release } = await openPluginChecker(context, plugin)
    return { ...start(context, check), release }
  },
}
