import type { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import { Predictions, Report } from '../../schemas/messages/evaluation.ts'
import { Prediction } from '../../schemas/runtime-protocol.ts'
import { goldsOf, PublicTask } from '../../schemas/task.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { readRun } from '../run/follow-run.ts'

/** What one student model answered to one validation question. */
export type Answer = { model: string; reply: string; correct: boolean; noAnswer: string | null }

/** A validation question with the answers of all student models that were asked it, in the order in which they were scored. */
export type AnsweredItem = { id: string; skill: string; input: string; expected: readonly string[]; answers: Answer[] }

/**
 * What student models answered on validation, by item. Test, audit and forgetting check are sealed, and are in none of it.
 * @throws UsageError where no student model was scored yet
 */
export async function answersOf(bus: Bus, { config }: PlannerState): Promise<AnsweredItem[]> {
  const entries = await readRun(bus, config.runId)
  const task = await bus.objects.getJson(config.publicTask, PublicTask)
  const replies = new Map<string, Map<string, string>>()
  for (const { name, payload } of entries) {
    if (name !== Predictions.name) continue
    const { studentModel, predictions } = Predictions.schema.parse(payload)
    const lines = await bus.objects.getLines(predictions, Prediction)
    replies.set(studentModel.name, new Map(lines.map(({ id, text }) => [id, text])))
  }
  const reports = entries.flatMap(({ name, payload }) => (name === Report.name ? [Report.schema.parse(payload)] : []))
  if (reports.length === 0)
    throw new UsageError(
      `No student of run ${config.runId} was scored yet.`,
      'Give the command again once the base was.',
    )
  // A report made again, after a crash, is the same one.
  const models = new Map(
    reports.map(({ studentModel, items }) => [studentModel.name, new Map(items.map((item) => [item.id, item]))]),
  )
  return task.validation.map((item) => ({
    id: item.id,
    skill: item.skill,
    input: item.input,
    expected: goldsOf(item),
    answers: [...models].flatMap(([model, outcomes]) => {
      const outcome = outcomes.get(item.id)
      const reply = replies.get(model)?.get(item.id) ?? ''
      return outcome ? [{ model, reply, correct: outcome[config.primary], noAnswer: outcome.noAnswer ?? null }] : []
    }),
  }))
}

/** The student model whose answers are of most interest: of the chosen attempt, else the last one that was scored. */
export function shownModel(
  items: readonly AnsweredItem[],
  { bestAttempt }: PlannerState,
  named: string | undefined,
): string {
  const models = [...new Set(items.flatMap(({ answers }) => answers.map(({ model }) => model)))]
  const wanted = named ?? models.find((model) => model === `attempt-${bestAttempt}`) ?? models.at(-1)!
  if (models.includes(wanted)) return wanted
  throw new UsageError(`No student model "${wanted}" was scored on validation.`, `Name one of ${models.join(', ')}.`)
}
