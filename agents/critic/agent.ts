import { type Bus, type Cause, TerminalError } from '../../bus/mod.ts'
import { canonicalJson } from '../../schemas/hash.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { Batch, Round } from '../../schemas/messages/generation.ts'
import { Verdict } from '../../schemas/messages/generation.ts'
import { Program } from '../../schemas/program.ts'
import { Row } from '../../schemas/row.ts'
import { PublicTask } from '../../schemas/task.ts'
import { spentTogether } from '../../schemas/usage.ts'
import { procedureOf } from '../../tasks/procedures.ts'
import { scorerFor } from '../../tasks/score-with.ts'
import type { AgentContext, AgentModule, StartedAgent } from '../kit/agent.ts'
import { memo } from '../kit/cache.ts'
import { admit } from './admission.ts'
import { openContaminationIndex } from './checks/contamination.ts'
import { createDuplicateIndex } from './checks/duplicate-index.ts'
import { withFailures } from './failures.ts'
import { isComplete, RoundRecord, StoredShard } from './round-record.ts'
import { type CheckDeps, checkBatch } from './rules/graph.ts'

/**
 * The ordered pass over a complete round. It is a pure function of what the round's record names, so two critics that both take
 * it, or one that takes it again after a crash, publish the same verdict under the same id.
 */
async function closeRound(
  bus: Bus,
  { round, runId, record, cause }: { round: Round; runId: string; record: RoundRecord; cause: Cause },
): Promise<void> {
  const program = await bus.objects.getJson(round.program, Program)
  const earlier = round.admitted ? await bus.objects.getLines(round.admitted, Row) : []
  const shards = await Promise.all(
    Object.values(record.done).map(({ checked }) => bus.objects.getJson(checked, StoredShard)),
  )
  const index = createDuplicateIndex({ jaccard: program.filters.nearDuplicateJaccard })
  const { admitted, surplus, templateOverlap, ...counted } = admit(earlier, shards, round.quotas, index)
  const { bySource, failures } = withFailures(counted.bySource, shards)
  const rows = [...earlier, ...admitted]
  const dataset = await bus.objects.putLines('LAB', `${runId}/rows`, rows)
  await bus.publish(
    Verdict,
    { runId, variant: round.variants.planner, id: `verdict:a${round.attempt}.r${round.round}`, cause },
    {
      attempt: round.attempt,
      round: round.round,
      bySource,
      failures,
      rows: rows.length,
      dataset,
      datasetHash: dataset.sha256,
      templateOverlap,
      spent: spentTogether(Object.values(record.done).map(({ spent }) => spent)),
      ...(surplus.length > 0 && { surplus: await bus.objects.putLines('LAB', `${runId}/rows`, surplus) }),
    },
  )
}

async function startRules({ bus, contaminationKey }: AgentContext): Promise<StartedAgent<'critic'>> {
  if (!contaminationKey) throw new TerminalError('a critic needs the key of the contamination index')
  const key = contaminationKey
  const records = bus.kv('admission', RoundRecord)
  const byHash = (ref: ObjectRef) => ref.sha256
  const task = memo((ref: ObjectRef) => bus.objects.getJson(ref, PublicTask), byHash)
  const program = memo((ref: ObjectRef) => bus.objects.getJson(ref, Program), byHash)
  const index = memo(
    async ({ ref, share }: { ref: ObjectRef; share: number }) =>
      openContaminationIndex(await bus.objects.get(ref), key, { share }),
    ({ ref, share }) => `${ref.sha256} ${share}`,
  )

  async function checksFor(round: Round): Promise<CheckDeps> {
    const publicTask = await task(round.publicTask)
    const rules = await program(round.program)
    const { check } = await index({ ref: round.contamination, share: rules.filters.contaminationShare })
    const score = scorerFor(publicTask.scorer)
    const procedure = procedureOf(publicTask)
    return {
      program: rules,
      contamination: (row) => check({ text: row.input, coreKey: row.origin.coreKey })?.split ?? null,
      solve: procedure ? procedure.solveCore : null,
      isCorrect: async (reply, answer) => (await score(reply, answer)).strict,
    }
  }

  /** Notes a shard as checked; returns the record with it. A shard noted before stays as it is. */
  async function note(
    name: string,
    round: Round,
    shard: number,
    entry: RoundRecord['done'][string],
  ): Promise<RoundRecord> {
    for (;;) {
      const current = await records.get(name)
      if (current?.value.done[shard]) return current.value
      const next = { shards: round.shards, done: { ...current?.value.done, [shard]: entry } }
      const saved = current ? await records.update(name, next, current.revision) : await records.create(name, next)
      if (typeof saved === 'number') return next
    }
  }

  async function onBatch(
    batch: PayloadOf<typeof Batch>,
    { runId, cause, signal }: { runId: string; cause: Cause; signal: AbortSignal },
  ): Promise<void> {
    const { round, shard } = batch
    const checked = await checkBatch(batch, await checksFor(round), signal)
    const stored = await bus.objects.put('LAB', `${runId}/checked`, Buffer.from(canonicalJson(checked)))
    const name = `${runId}.a${round.attempt}.r${round.round}`
    const record = await note(name, round, shard, { checked: stored, spent: batch.spent })
    if (isComplete(record)) await closeRound(bus, { round, runId, record, cause })
  }

  return { handlers: { batch: onBatch } }
}

/** critic: decides which candidates become rows, each refusal with one reason. */
export const critic: AgentModule<'critic'> = { role: 'critic', variants: { rules: startRules } }
