import { type Bus, type Cause, type Handlers, TerminalError } from '../../bus/mod.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { FinalEvalResults, Report } from '../../schemas/messages/evaluation.ts'
import { Round, type Shard, Tried, Verdict } from '../../schemas/messages/generation.ts'
import { Program } from '../../schemas/program.ts'
import type { AgentRole } from '../../schemas/role.ts'
import { Row, type Yield } from '../../schemas/row.ts'
import type { BadCase, ItemOutcome, ScoreSheet } from '../../schemas/score.ts'
import { packResults } from '../../schemas/sealed-results.ts'
import type { TestServer } from './nats.ts'

/** How the roles beside the planner behave. */
export type CastBehaviour = {
  /** Share of an attempt's candidates that are admitted; attempt 0 is the control. */
  yieldOf(attempt: number): number
  /** Right answers of 30 on validation, by the candidate's name. */
  scoreOf(studentModel: string): number
  /** Right answers of 30 on the sealed test; without it a test is opened without results. */
  testOf?(runId: string, studentModel: string): number
  badCases: BadCase[]
}

const unexpected = async () => {
  throw new TerminalError('not expected in this test')
}

/**
 * Stands in for generator, critic, bridge and evaluator on a real bus, each with its own credentials: rounds close with the yield, and
 * candidates with the score, that a test wants, without a student. The planner cannot tell them from the real ones.
 */
export async function openCast(
  server: TestServer,
  variants: Readonly<Record<string, string>>,
  { yieldOf, scoreOf, testOf, badCases }: CastBehaviour,
  signal: AbortSignal,
): Promise<void> {
  const open = (role: AgentRole) => server.open(role, variants[role])
  const [generator, critic, bridge, evaluator] = await Promise.all(
    (['generator', 'critic', 'trainer-bridge', 'evaluator'] as const).map(open),
  )
  const rounds = new Map<string, PayloadOf<typeof Shard>[]>()

  async function closeRound(
    runId: string,
    cause: Cause,
    round: Round,
    shards: PayloadOf<typeof Shard>[],
  ): Promise<void> {
    const { sources } = await critic!.objects.getJson(round.program, Program)
    const rows: Row[] = round.admitted ? await critic!.objects.getLines(round.admitted, Row) : []
    const bySource: Record<string, Yield> = {}
    for (const { source: id, from, count } of shards) {
      const source = sources.find((each) => each.id === id)!
      const counts = bySource[source.id] ?? { asked: 0, generated: 0, admitted: 0, rejected: {} }
      bySource[source.id] = counts
      const good = Math.floor(count * yieldOf(round.attempt))
      const admitted = Math.min(good, (round.quotas[source.id] ?? 0) - counts.admitted)
      for (let at = from; at < from + admitted; at++)
        rows.push(rowOf(`a${round.attempt}.r${round.round}.${source.id}.${at}.0`, source))
      counts.asked += count
      counts.generated += count
      counts.admitted += admitted
      for (const [reason, more] of [
        ['wrong-answer', count - good],
        ['surplus', good - admitted],
      ] as const) {
        if (more > 0) counts.rejected[reason] = (counts.rejected[reason] ?? 0) + more
      }
    }
    const dataset = await critic!.objects.putLines('LAB', `${runId}/rows`, rows)
    const { attempt, round: number } = round
    const spent = { calls: 0, inputTokens: 0, outputTokens: 0 }
    await critic!.publish(
      Verdict,
      { runId, variant: round.variants.planner, id: `verdict:a${attempt}.r${number}`, cause },
      {
        attempt,
        round: number,
        bySource,
        rows: rows.length,
        dataset,
        datasetHash: hashOf(rows),
        templateOverlap: 0,
        spent,
      },
    )
  }

  work(generator!, 'generator', {
    async shard(shard, { runId, cause }) {
      const opened = await critic!.objects.getJson(shard.round.object, Round)
      const { attempt, round, variants: own } = opened
      if (shard.trial !== undefined) {
        const target = { runId, variant: own.planner, id: `tried:a${attempt}.r${round}.s${shard.shard}`, cause }
        const printed = {
          attempt,
          round,
          shard: shard.shard,
          source: shard.source,
          outcome: { usable: true as const },
        }
        await generator!.publish(Tried, target, printed)
      }
      const key = `${runId}.${attempt}.${round}`
      const shards = [...(rounds.get(key) ?? []), shard]
      rounds.set(key, shards)
      if (shards.length === opened.shards) await closeRound(runId, cause, opened, shards)
    },
  })
  work(bridge!, 'trainer-bridge', {
    async job(job, { runId, cause }) {
      const jobHash = job.training && hashOf(job.training)
      const studentModel = { name: job.studentModel, student: 'stand-in', jobHash, adapter: null, examples: false }
      const contamination = await evaluator!.objects.put('LAB', `${runId}/contamination`, Buffer.from('none'))
      const payload = { studentModel, training: null, reusedTraining: false, items: [], trivial: [], contamination }
      await evaluator!.publish(
        Report,
        { runId, variant: job.variants.planner, id: `report:${job.studentModel}`, cause },
        Report.schema.parse({ ...payload, validation: sheetOf(scoreOf(job.studentModel)), badCases }),
      )
    },
    'sealed-eval-job': unexpected,
  })
  work(evaluator!, 'evaluator', {
    async 'final-eval-request'({ studentModels, variants: own }, { runId, cause }) {
      const results = !testOf
        ? []
        : studentModels.map((studentModel) => {
            const correct = testOf(runId, studentModel.name)
            return {
              studentModel,
              evalSet: 'test' as const,
              sheet: sheetOf(correct, testPart),
              items: itemsOf(correct),
            }
          })
      const counts = { finalEvalNumber: 1, testHash: hashOf('test'), auditSeed: 'seed' }
      const payload = { ...counts, ...packResults(results), trivial: [] }
      await evaluator!.publish(
        FinalEvalResults,
        { runId, variant: own.planner, id: 'final-eval-results', cause },
        payload,
      )
    },
    predictions: unexpected,
    answers: unexpected,
  })

  function work<R extends AgentRole>(bus: Bus, role: R, handlers: Handlers<R>): void {
    bus.work(handlers, { role, variant: variants[role]!, slots: 1, drainMs: 1000, signal })
  }
}

function rowOf(id: string, { id: source, skill }: { id: string; skill: string }): Row {
  const origin = { generator: 'llm' }
  return Row.parse({ id, skill, source, instruction: 'Solve.', input: `Question ${id}.`, output: '\\boxed{1}', origin })
}

/** The bundled task's headline. */
const testPart = 'heldout-phrasing'

const itemsOf = (correct: number): ItemOutcome[] =>
  Array.from({ length: 30 }, (_, at) => {
    const right = at < correct
    return { id: `t-${at}`, part: testPart, skill: 'any', strict: right, lenient: right, truncated: false }
  })

function sheetOf(correct: number, part = 'in-template'): ScoreSheet {
  const tally = { strict: { correct, total: 30 }, lenient: { correct, total: 30 } }
  return { overall: tally, byPart: { [part]: tally }, bySkill: {}, truncated: 0 }
}
