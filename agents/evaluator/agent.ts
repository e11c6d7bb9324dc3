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

async function startScorer({
  bus,
  options,
  contaminationKey,
  log,
  signal,
}: AgentContext): Promise<StartedAgent<'evaluator'>> {
  if (!contaminationKey) throw new TerminalError('an evaluator needs the key of the contamination index')
  const key = contaminationKey
  const settings = EvaluatorOptions.parse(options)
  const sealedTask = cachedJson(bus, Task)
  const finalEval = createFinalEval(bus, settings.audit)

  const ladder = createLadder(bus)
  const guideBy = (graded: readonly Graded[], mode: ScoreMode): Guide => ({
    validation: scoreSheet(graded.map(({ outcome }) => outcome)),
    badCases: sampleBadCases(graded, settings.badCasesPerSkill, mode),
  })

  function guidesByHalf(items: readonly Item[], graded: readonly Graded[], mode: ScoreMode): Halves {
    const { a, b } = halvesOf(items)
    const [ofA, ofB] = [a, b].map((half) => graded.filter(({ item }) => half.has(item.id)))
    return { a: guideBy(ofA!, mode), b: guideBy(ofB!, mode) }
  }

  /** What needs no student on validation: the same for every candidate. */
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
      predictions: async (message, { runId, cause }) => {
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
        const result = {
          ...guideBy(graded, mode),
          items: graded.map(({ outcome }) => outcome),
          trivial: worthTelling(task.validation, scores),
        }
        const isSearch = studentModel.arm === 'base' || studentModel.arm === 'submission'
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
            ...(guidance?.halves && isSearch && { halves: guidesByHalf(task.validation, graded, mode) }),
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
export const evaluator: AgentModule<'evaluator'> = { role: 'evaluator', variants: { scorer: startScorer } }
