import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { type Bus, type Cause, TerminalError } from '../../bus/mod.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { type Answers, Opened, type OpeningRequest, Sitting } from '../../schemas/messages/evaluation.ts'
import { Row } from '../../schemas/row.ts'
import { Prediction } from '../../schemas/runtime-protocol.ts'
import { type PaperName, packResults, SealedResult } from '../../schemas/sealed-results.ts'
import { type Item, Item as ItemSchema, PublicTask, Question, type Task } from '../../schemas/task.ts'
import { type SealedTrivial, TrivialScore } from '../../schemas/trivial.ts'
import { procedureOf } from '../../tasks/procedures.ts'
import { openTaskScorer, type TaskScorer } from '../../tasks/score-with.ts'
import { memo } from '../kit/cache.ts'
import { grade, scoreSheet } from './scorer/grading.ts'
import { replyScores, trivialScores, worthTelling } from './scorer/trivial.ts'
import {
  type OpeningRecord,
  OpeningRecord as OpeningSchema,
  Openings,
  RetentionRules,
  resultKey,
  sittingsOf,
} from './sitting-plan.ts'
import { takenCores } from './taken-cores.ts'

/** A result as it is kept until all are there, with what its most frequent replies score when each is given to every item. */
const KeptResult = SealedResult.extend({ trivial: z.array(TrivialScore).default([]) })

/**
 * The opening of the sealed test: one session over a frozen list of candidates.
 * O1  The list, the audit's seed and its items are fixed in VAULT before the first question leaves.
 * O2  Questions leave by EXAM alone and without answers; what goes to LAB is right or wrong by item.
 * O3  A request or a reply that comes twice changes nothing; a crash costs at most the sitting in hand.
 * O4  After its opening a run is scored no more, so nothing can be steered by it.
 */
export function createOpening(bus: Bus, auditCounts: Record<string, number>) {
  const openings = bus.kv('openings', Openings)
  const records = bus.kv('opening-records', OpeningSchema)
  const results = bus.kv('sealed-results', KeptResult)

  /** Counts this run's opening of the test, once. */
  async function countOpening(testHash: string, runId: string): Promise<number> {
    for (;;) {
      const current = await openings.get(testHash)
      const before = current?.value.runs.indexOf(runId) ?? -1
      if (before >= 0) return before + 1
      const runs = [...(current?.value.runs ?? []), runId]
      const saved = current
        ? await openings.update(testHash, { runs }, current.revision)
        : await openings.create(testHash, { runs })
      if (typeof saved === 'number') return runs.length
    }
  }

  /** Fresh items, none with a core of training, validation or test. A task without a procedure has the items of its audit file, or none. */
  async function drawAudit(task: Task, request: PayloadOf<typeof OpeningRequest>, seed: string): Promise<Item[]> {
    const procedure = procedureOf(task)
    if (!procedure) return task.audit
    const taken = await takenCores(task, request.datasets, (dataset) => bus.objects.getLines(dataset, Row))
    return procedure.drawAudit({ seed, counts: auditCounts, taken })
  }

  async function begin(task: Task, request: PayloadOf<typeof OpeningRequest>, runId: string): Promise<OpeningRecord> {
    const existing = await records.get(runId)
    if (existing) return existing.value
    const auditSeed = randomBytes(8).toString('hex')
    const testHash = hashOf(task.test)
    const audit = await drawAudit(task, request, auditSeed)
    const { retentionSet } = task
    const record: OpeningRecord = {
      opening: await countOpening(testHash, runId),
      testHash,
      auditSeed,
      candidates: request.candidates,
      publicTask: request.publicTask,
      variants: request.variants,
      papers: {
        test: await bus.objects.putLines('VAULT', `${runId}/paper`, task.test),
        audit: audit.length > 0 ? await bus.objects.putLines('VAULT', `${runId}/paper`, audit) : null,
        retention: retentionSet ? await bus.objects.putLines('VAULT', `${runId}/paper`, retentionSet.items) : null,
      },
      retention: retentionSet ? RetentionRules.parse(retentionSet) : null,
    }
    const saved = await records.create(runId, record)
    return typeof saved === 'number' ? record : (await records.get(runId))!.value
  }

  async function itemsOf(record: OpeningRecord, paper: PaperName): Promise<Item[]> {
    const items = record.papers[paper]
    return items ? bus.objects.getLines(items, ItemSchema) : []
  }

  /** How a paper is scored, and the items whose answers are no secret. */
  async function rulesOf(record: OpeningRecord, paper: PaperName): Promise<{ scorer: TaskScorer; known: Item[] }> {
    if (paper === 'retention') return { scorer: openTaskScorer(record.retention!.scorer), known: [] }
    const { scorer, validation } = await bus.objects.getJson(record.publicTask, PublicTask)
    return { scorer: openTaskScorer(scorer), known: validation }
  }

  /** What answering a paper without knowing anything scores, of those who sat it too. */
  async function trivialOn(record: OpeningRecord, paper: PaperName, sat: readonly TrivialScore[]) {
    const items = await itemsOf(record, paper)
    const { scorer, known } = await rulesOf(record, paper)
    const scores = [...(await trivialScores(items, scorer, known)), ...sat]
    return worthTelling(items, scores).map((score) => ({ ...score, paper }))
  }

  async function publishIfComplete(runId: string, record: OpeningRecord, cause: Cause): Promise<void> {
    const all = await Promise.all(sittingsOf(record).map((sitting) => results.get(resultKey(runId, sitting))))
    if (all.some((entry) => entry === null)) return
    const { opening, testHash, auditSeed, retention, variants } = record
    const kept = all.map((entry) => entry!.value)
    const trivial: SealedTrivial[] = []
    for (const [paper, own] of Map.groupBy(kept, (result) => result.paper))
      trivial.push(
        ...(await trivialOn(
          record,
          paper,
          own.flatMap((result) => result.trivial),
        )),
      )
    await bus.publish(
      Opened,
      { runId, variant: variants.planner, id: 'opened', cause },
      {
        opening,
        testHash,
        auditSeed,
        ...(retention && { retention: { sha256: retention.sha256, mode: retention.scorer.primary } }),
        ...packResults(kept.map(({ trivial: _, ...result }) => result)),
        trivial,
      },
    )
  }

  return {
    /** What was fixed when this run's test was opened; null before that. */
    record: async (runId: string): Promise<OpeningRecord | null> => (await records.get(runId))?.value ?? null,

    async open(task: Task, request: PayloadOf<typeof OpeningRequest>, runId: string, cause: Cause): Promise<void> {
      const record = await begin(task, request, runId)
      const { publicTask, variants } = record
      // Every candidate sits the same paper: its questions are read and sent once.
      const questionsOf = memo(
        async (paper: PaperName) => {
          const asked = (await itemsOf(record, paper)).map((item) => Question.strip().parse(item))
          return bus.objects.putLines('EXAM', `${runId}/questions`, asked)
        },
        (paper) => paper,
      )
      for (const sitting of sittingsOf(record)) {
        if (await results.get(resultKey(runId, sitting))) continue
        const { candidate, paper } = sitting
        const questions = await questionsOf(paper)
        await bus.publish(
          Sitting,
          { runId, variant: variants['trainer-bridge'], id: `sitting:${candidate.name}:${paper}`, cause },
          {
            candidate,
            paper,
            questions,
            ...(paper === 'retention' && { maxNewTokens: record.retention!.max_new_tokens }),
            publicTask,
            variants,
          },
        )
      }
      await publishIfComplete(runId, record, cause)
    },

    async mark(answers: PayloadOf<typeof Answers>, runId: string, cause: Cause): Promise<void> {
      const record = (await records.get(runId))?.value
      const candidate = record?.candidates.find((each) => each.name === answers.candidate)
      if (!record || !candidate)
        throw new TerminalError(`${answers.candidate} is not on the list of run ${runId}'s opening`)
      const { paper } = answers
      const predictions = await bus.objects.getLines(answers.predictions, Prediction)
      const { scorer, known } = await rulesOf(record, paper)
      const graded = await grade(await itemsOf(record, paper), predictions, scorer)
      const items = graded.map(({ outcome }) => outcome)
      const trivial = await replyScores(candidate.name, graded, scorer, known)
      const result = { candidate, paper, sheet: scoreSheet(items), items, trivial }
      await results.put(resultKey(runId, { candidate, paper }), result)
      await publishIfComplete(runId, record, cause)
    },
  }
}
