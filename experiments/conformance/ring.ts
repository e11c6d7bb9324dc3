import type { Bus, StoredEntry } from '../../bus/mod.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { FinalEvalRequest, FinalEvalResults, Job, Report } from '../../schemas/messages/evaluation.ts'
import { Round, Shard, Tried, Verdict } from '../../schemas/messages/generation.ts'
import { Program, type Source } from '../../schemas/program.ts'
import { Row, type Yield } from '../../schemas/row.ts'
import type { ScoreSheet } from '../../schemas/score.ts'
import { packResults } from '../../schemas/sealed-results.ts'

/** Right answers of 30 on validation: each student is a little better than the one before. */
const scoreOf = (studentModel: string): number => 10 + (Number(/\d+$/.exec(studentModel)?.[0] ?? 0) % 10)

const sheetOf = (correct: number): ScoreSheet => {
  const tally = { strict: { correct, total: 30 }, lenient: { correct, total: 30 } }
  return { overall: tally, byPart: { 'in-template': tally }, bySkill: {}, truncated: 0 }
}

const rowOf = (id: string, { id: source, skill }: Source): Row =>
  Row.parse({
    id,
    skill,
    source,
    instruction: 'Solve.',
    input: `Question ${id}.`,
    output: '\\boxed{1}',
    origin: { generator: 'check' },
  })

/**
 * Plays generator, critic, trainer-bridge and evaluator of one run for its planner, until the signal fires: every candidate is admitted,
 * and every student is scored. What was answered before is answered the same way, so that it may begin anew.
 */
export async function playOthers(bus: Bus, runId: string, queue: string, signal: AbortSignal): Promise<void> {
  const rounds = new Map<string, PayloadOf<typeof Shard>[]>()
  const to = (id: string) => ({ runId, variant: queue, id })

  async function onShard(shard: PayloadOf<typeof Shard>): Promise<void> {
    const round = await bus.objects.getJson(shard.round.object, Round)
    const { attempt, round: number } = round
    const name = `a${attempt}.r${number}`
    if (shard.trial !== undefined)
      await bus.publish(Tried, to(`tried:${name}.s${shard.shard}`), {
        ...{ attempt, round: number, shard: shard.shard, source: shard.source },
        outcome: { usable: true as const },
      })
    const shards = rounds.get(name) ?? []
    rounds.set(name, shards)
    if (!shards.some((each) => each.shard === shard.shard)) shards.push(shard)
    if (shards.length < round.shards) return
    const { sources } = await bus.objects.getJson(round.program, Program)
    const rows: Row[] = round.admitted ? await bus.objects.getLines(round.admitted, Row) : []
    const bySource: Record<string, Yield> = {}
    for (const { source: id, from, count } of shards.toSorted((a, b) => a.shard - b.shard)) {
      const source = sources.find((each) => each.id === id)!
      const before = bySource[id] ?? { asked: 0, generated: 0, admitted: 0, rejected: {} }
      const admitted = Math.min(count, (round.quotas[id] ?? 0) - before.admitted)
      for (let at = from; at < from + admitted; at++) rows.push(rowOf(`${name}.${id}.${at}.0`, source))
      const surplus = (before.rejected.surplus ?? 0) + count - admitted
      bySource[id] = {
        asked: before.asked + count,
        generated: before.generated + count,
        admitted: before.admitted + admitted,
        rejected: surplus > 0 ? { surplus } : {},
      }
    }
    const dataset = await bus.objects.putLines('LAB', `${runId}/rows`, rows)
    await bus.publish(Verdict, to(`verdict:${name}`), {
      ...{
        attempt,
        round: number,
        bySource,
        rows: rows.length,
        dataset,
        datasetHash: hashOf(rows),
        templateOverlap: 0,
      },
      spent: { calls: 0, inputTokens: 0, outputTokens: 0 },
    })
  }

  async function onJob({ studentModel: name, training }: PayloadOf<typeof Job>): Promise<void> {
    const jobHash = training && hashOf(training)
    const studentModel = { name, student: 'stand-in', jobHash, adapter: null, examples: false }
    const contamination = await bus.objects.put('LAB', `${runId}/contamination`, Buffer.from('none'))
    const payload = { studentModel, training: null, reusedTraining: false, items: [], trivial: [], contamination }
    const report = { ...payload, validation: sheetOf(scoreOf(name)), badCases: [] }
    await bus.publish(Report, to(`report:${name}`), Report.schema.parse(report))
  }

  const answer = async ({ name, payload }: StoredEntry): Promise<void> => {
    if (name === Shard.name) await onShard(Shard.schema.parse(payload))
    if (name === Job.name) await onJob(Job.schema.parse(payload))
    if (name !== FinalEvalRequest.name) return
    const counts = { finalEvalNumber: 1, testHash: hashOf('test'), auditSeed: 'seed' }
    await bus.publish(FinalEvalResults, to('final-eval-results'), { ...counts, ...packResults([]), trivial: [] })
  }
  for await (const entry of bus.log({ runId, follow: true, signal })) await answer(entry)
}
