import { TerminalError } from '../../bus/mod.ts'
import type { Guide, Halves } from '../../schemas/guidance.ts'
import { Fault, Report } from '../../schemas/messages/evaluation.ts'
import { Prediction } from '../../schemas/runtime-protocol.ts'
import { type Item, type ScoreMode, Task } from '../../schemas/task.ts'
import { openTaskScorer } from '../../tasks/score-with.ts'
import { type AgentContext, type AgentModule, type StartedAgent, takeDeadLetters } from '../kit/agent.ts'
import { cachedJson, memoByHash } from '../kit/cache.ts'
import { buildContaminationIndex } from '../kit/dedup/contamination.ts'
import { evaluationItems } from '../kit/dedup/evaluation-items.ts'
import { createFinalEval } from './final-eval.ts'
import { createLadder, halvesOf } from './ladder.ts'
import { EvaluatorOptions } from './options.ts'
import { type Graded, grade, sampleBadCases, scoreSheet } from './scorer/grading.ts'
import { replyScores, trivialScores, worthTelling } from './scorer/trivial.ts'
import { causesOf } from './scorer-and-analyst/graph.ts'
import { type Analyst, analysisSummary, openAnalyst } from './scorer-and-analyst/work.ts'

async function startScorer(
  { bus, contaminationKey, log, signal }: AgentContext,
  settings: EvaluatorOptions,
  analyst: Analyst | null,
): Promise<StartedAgent<'evaluator'>> {
  if (!contaminationKey) throw new TerminalError('an evaluator needs the key of the contamination index')
  const key = contaminationKey
  const sealedTask = cachedJson(bus, Task)
  const finalEval = createFinalEval(bus, settings.audit)

  const ladder = createLadder(bus)
  const guideBy = (graded: readonly Graded[], mode: ScoreMode): Guide => ({
    validation: scoreSheet(graded.map(({ outcome }) => outcome)),
    badCases: sampleBadCases(graded, settings.badCasesPerSkill, mode),
  })

  function byHalf(items: readonly Item[], graded: readonly Graded[]): Record<keyof Halves, Graded[]> {
    const { a, b } = halvesOf(items)
    const of = (half: ReadonlySet<string>) => graded.filter(({ item }) => half.has(item.id))
    return { a: of(a), b: of(b) }
  }

  /** What needs no student on validation: the same for every student model. */
  const trivial = memoByHash(async (ref) => {
    const { validation, scorer } = await sealedTask(ref)
    return trivialScores(validation, openTaskScorer(scorer))
  })

  /** What rows are checked against: hashes only, so no item's text leaves the vault. */
  const contamination = memoByHash(async (ref) => {
    const task = await sealedTask(ref)
    return bus.objects.put('LAB', 'contamination', buildContaminationIndex(evaluationItems(task), key))
  })

  /** A dead letter of the sealed session: only the evaluator receives it, so it notifies the planner. */
  void takeDeadLetters(bus, { log, signal }, async ({ id, reason, message }) => {
    const record = message && (await finalEval.record(message.runId))
    if (!record) return
    const target = { runId: message.runId, variant: record.variants.planner, id: `fault:${id}`, cause: message }
    await bus.publish(Fault, target, { deadLetter: id, message: message.name, reason })
  })

  return {
    handlers: {
      predictions: async (message, { runId, cause, signal: stop }) => {
        const { studentModel, training, reusedTraining, guidance, variants, tokenLimit, examplesLeftOut } = message
        // Nobody waits for what comes again so late: it is no dead letter, and no fault of the run.
        if (await finalEval.record(runId)) {
          log.warn({ run: runId, studentModel: studentModel.name }, 'came after the final evaluation: not scored')
          return
        }
        const task = await sealedTask(message.sealedTask)
        const predictions = await bus.objects.getLines(message.predictions, Prediction)
        const scorer = openTaskScorer(task.scorer)
        const graded = await grade(task.validation, predictions, scorer)
        const mode = task.scorer.primary
        const scores = [
          ...(await trivial(message.sealedTask)),
          ...(await replyScores(studentModel.name, graded, scorer, task.validation)),
        ]
        const isSearch = studentModel.arm === 'base' || studentModel.arm === 'submission'
        const halves = guidance?.halves && isSearch ? byHalf(task.validation, graded) : null
        const analysis =
          analyst && isSearch && guidance?.analysisCalls !== undefined
            ? await analyst.analyse({
                runId,
                studentModel: studentModel.name,
                task,
                parts: halves ?? { all: graded },
                maxCalls: guidance.analysisCalls,
                signal: stop,
              })
            : null
        const withCauses = (guide: Guide, part: string): Guide => ({
          ...guide,
          ...(analysis && { causes: causesOf(analysis.parts[part]!) }),
        })
        const result = {
          ...(halves ? guideBy(graded, mode) : withCauses(guideBy(graded, mode), 'all')),
          items: graded.map(({ outcome }) => outcome),
          trivial: worthTelling(task.validation, scores),
        }
        const { shown, shownAs } =
          guidance?.ladder === 'on' && isSearch
            ? await ladder.pass(runId, studentModel.name, result, mode)
            : { shown: result, shownAs: studentModel.name }
        await bus.publish(
          Report,
          { runId, variant: variants.planner, id: `report:${studentModel.name}`, cause },
          {
            studentModel,
            training,
            reusedTraining,
            ...shown,
            ...(halves && {
              halves: {
                a: withCauses(guideBy(halves.a, mode), 'a'),
                b: withCauses(guideBy(halves.b, mode), 'b'),
              },
            }),
            ...(analysis && { analysis: analysisSummary(analysis) }),
            ...(shownAs !== studentModel.name && { shownAs }),
            contamination: await contamination(message.sealedTask),
            tokenLimit,
            ...(examplesLeftOut !== undefined && { examplesLeftOut }),
          },
        )
      },
      'final-eval-request': async (request, { runId, cause }) =>
        finalEval.open(await sealedTask(request.sealedTask), request, runId, cause),
      answers: (answers, { runId, cause }) => finalEval.mark(answers, runId, cause),
    },
  }
}

/** evaluator: scores on validation, and evaluates on the sealed test once, at the end. */
export const evaluator: AgentModule<'evaluator'> = {
  role: 'evaluator',
  variants: {
    scorer: (context) => startScorer(context, EvaluatorOptions.parse(context.options), null),
    'scorer-and-analyst': async (context) => {
      const analyst = await openAnalyst(context)
      const started = await startScorer(context, EvaluatorOptions.strip().parse(context.options), analyst)
      return { ...started, release: async () => analyst[Symbol.asyncDispose]() }
    },
  },
}
