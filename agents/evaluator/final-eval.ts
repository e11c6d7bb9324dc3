import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { type Bus, type Cause, TerminalError } from '../../bus/mod.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import {
  type Answers,
  EvalContext,
  type FinalEvalRequest,
  FinalEvalResults,
  SealedEvalJob,
} from '../../schemas/messages/evaluation.ts'
import { Row } from '../../schemas/row.ts'
import { Prediction } from '../../schemas/runtime-protocol.ts'
import { type EvalSetName, packResults, SealedResult } from '../../schemas/sealed-results.ts'
import { type Item, Item as ItemSchema, PublicTask, Question, type Task } from '../../schemas/task.ts'
import { type SealedTrivial, TrivialScore } from '../../schemas/trivial.ts'
import { procedureOf } from '../../tasks/procedures.ts'
import { openTaskScorer, type TaskScorer } from '../../tasks/score-with.ts'
import { memo } from '../kit/cache.ts'
import { FinalEvalRecord, FinalEvals, RetentionRules, resultKey, sealedEvalJobs } from './eval-plan.ts'
import { grade, scoreSheet } from './scorer/grading.ts'
import { replyScores, trivialScores, worthTelling } from './scorer/trivial.ts'

/** A result as it is kept until all are there, with what its most frequent replies score when each is given to every item. */
const KeptResult = SealedResult.extend({ trivial: z.array(TrivialScore).default([]) })

/**
 * The final evaluation: one session over a frozen list of student models.
 * O1  The list, the audit's seed and its items are fixed in VAULT before the first question leaves.
 * O2  Questions leave by EXAM alone and without answers; what goes to LAB is right or wrong by item.
 * O3  A request or a reply that comes twice changes nothing; a crash costs at most the job in hand.
 * O4  After its final evaluation a run is scored no more, so nothing can be steered by it.
 */
export function createFinalEval(bus: Bus, auditCounts: Record<string, number>) {
  const finalEvals = bus.kv('final-evals', FinalEvals)
  const records = bus.kv('final-eval-records', FinalEvalRecord)
  const results = bus.kv('sealed-results', KeptResult)

  /** Counts this run's final evaluation, once. */
  async function countFinalEval(testHash: string, runId: string): Promise<number> {
    const { value } = await finalEvals.modify(testHash, (current) =>
      current?.runs.includes(runId) ? current : { runs: [...(current?.runs ?? []), runId] },
    )
    return value.runs.indexOf(runId) + 1
  }

  /** Fresh items, none with a core of training, validation or test. A task without a procedure has the items of its audit file, or none. */
  async function drawAudit(task: Task, request: PayloadOf<typeof FinalEvalRequest>, seed: string): Promise<Item[]> {
    const procedure = await procedureOf(task)
    if (!procedure) return task.audit
    const taken = await takenCores(task, request.datasets, (dataset) => bus.objects.getLines(dataset, Row))
    return procedure.drawAudit({ seed, counts: auditCounts, taken })
  }

  async function begin(
    task: Task,
    request: PayloadOf<typeof FinalEvalRequest>,
    runId: string,
  ): Promise<FinalEvalRecord> {
    const existing = await records.get(runId)
    if (existing) return existing.value
    const auditSeed = randomBytes(8).toString('hex')
    const testHash = hashOf(task.test)
    const audit = await drawAudit(task, request, auditSeed)
    const { retentionSet } = task
    const record: FinalEvalRecord = {
      finalEvalNumber: await countFinalEval(testHash, runId),
      testHash,
      auditSeed,
      studentModels: request.studentModels,
      ...EvalContext.parse(request),
      evalSets: {
        test: await bus.objects.putLines('VAULT', `${runId}/eval-set`, task.test),
        audit: audit.length > 0 ? await bus.objects.putLines('VAULT', `${runId}/eval-set`, audit) : null,
        retention: retentionSet ? await bus.objects.putLines('VAULT', `${runId}/eval-set`, retentionSet.items) : null,
      },
      retention: retentionSet ? RetentionRules.parse(retentionSet) : null,
    }
    const saved = await records.create(runId, record)
    return typeof saved === 'number' ? record : (await records.get(runId))!.value
  }

  async function itemsOf(record: FinalEvalRecord, evalSet: EvalSetName): Promise<Item[]> {
    const items = record.evalSets[evalSet]
    return items ? bus.objects.getLines(items, ItemSchema) : []
  }

  /** How an evaluation set is scored, and the items whose answers are no secret. */
  async function rulesOf(
    record: FinalEvalRecord,
    evalSet: EvalSetName,
  ): Promise<{ scorer: TaskScorer; known: Item[] }> {
    if (evalSet === 'retention') return { scorer: openTaskScorer(record.retention!.scorer), known: [] }
    const { scorer, validation } = await bus.objects.getJson(record.publicTask, PublicTask)
    return { scorer: openTaskScorer(scorer), known: validation }
  }

  /** What answering an evaluation set without knowing anything scores, where student models were evaluated on it. */
  async function trivialOn(record: FinalEvalRecord, evalSet: EvalSetName, answered: readonly TrivialScore[]) {
    const items = await itemsOf(record, evalSet)
    const { scorer, known } = await rulesOf(record, evalSet)
    const scores = [...(await trivialScores(items, scorer, known)), ...answered]
    return worthTelling(items, scores).map((score) => ({ ...score, evalSet }))
  }

  async function publishIfComplete(runId: string, record: FinalEvalRecord, cause: Cause): Promise<void> {
    const all = await Promise.all(
      sealedEvalJobs(record).map((sealedEvalJob) => results.get(resultKey(runId, sealedEvalJob))),
    )
    if (all.some((entry) => entry === null)) return
    const { finalEvalNumber, testHash, auditSeed, retention, variants } = record
    const kept = all.map((entry) => entry!.value)
    const trivial: SealedTrivial[] = []
    for (const [evalSet, own] of Map.groupBy(kept, (result) => result.evalSet))
      trivial.push(
        ...(await trivialOn(
          record,
          evalSet,
          own.flatMap((result) => result.trivial),
        )),
      )
    await bus.publish(
      FinalEvalResults,
      { runId, variant: variants.planner, id: 'final-eval-results', cause },
      {
        finalEvalNumber,
        testHash,
        auditSeed,
        ...(retention && { retention: { sha256: retention.sha256, mode: retention.scorer.primary } }),
        ...packResults(kept.map(({ trivial: _, ...result }) => result)),
        trivial,
      },
    )
  }

  return {
    /** What was fixed when this run's final evaluation began; null before that. */
    record: async (runId: string): Promise<FinalEvalRecord | null> => (await records.get(runId))?.value ?? null,

    async open(task: Task, request: PayloadOf<typeof FinalEvalRequest>, runId: string, cause: Cause): Promise<void> {
      const record = await begin(task, request, runId)
      // Every model is evaluated on the same set: its questions are read and sent once.
      const questionsOf = memo(
        async (evalSet: EvalSetName) => {
          const asked = (await itemsOf(record, evalSet)).map((item) => Question.strip().parse(item))
          return bus.objects.putLines('EXAM', `${runId}/questions`, asked)
        },
        (evalSet) => evalSet,
      )
      for (const sealedEvalJob of sealedEvalJobs(record)) {
        if (await results.get(resultKey(runId, sealedEvalJob))) continue
        const { studentModel, evalSet } = sealedEvalJob
        const questions = await questionsOf(evalSet)
        await bus.publish(
          SealedEvalJob,
          {
            runId,
            variant: record.variants['trainer-bridge'],
            id: `sealed-eval-job:${studentModel.name}:${evalSet}`,
            cause,
          },
          {
            studentModel,
            evalSet,
            questions,
            ...(evalSet === 'retention' && { maxNewTokens: record.retention!.max_new_tokens }),
            ...EvalContext.parse(record),
          },
        )
      }
      await publishIfComplete(runId, record, cause)
    },

    async mark(answers: PayloadOf<typeof Answers>, runId: string, cause: Cause): Promise<void> {
      const record = (await records.get(runId))?.value
      const studentModel = record?.studentModels.find((each) => each.name === answers.studentModel)
      if (!record || !studentModel)
        throw new TerminalError(`${answers.studentModel} is not on the list of run ${runId}'s final evaluation`)
      const { evalSet } = answers
      const predictions = await bus.objects.getLines(answers.predictions, Prediction)
      const { scorer, known } = await rulesOf(record, evalSet)
      const graded = await grade(await itemsOf(record, evalSet), predictions, scorer)
      const items = graded.map(({ outcome }) => outcome)
      const trivial = await replyScores(studentModel.name, graded, scorer, known)
      const result = { studentModel, evalSet, sheet: scoreSheet(items), items, trivial }
      await results.put(resultKey(runId, { studentModel, evalSet }), result)
      await publishIfComplete(runId, record, cause)
    },
  }
}

/** The problems that an audit must not ask: those of validation, of the test and of every row trained on. */
export async function takenCores(
  { validation, test }: Task,
  datasets: readonly ObjectRef[],
  getRows: (dataset: ObjectRef) => Promise<readonly Row[]>,
): Promise<Set<string>> {
  const taken = new Set([...validation, ...test].map(({ coreKey }) => coreKey))
  for (const dataset of datasets)
    for (const { origin } of await getRows(dataset)) if (origin.coreKey) taken.add(origin.coreKey)
  return taken
}
