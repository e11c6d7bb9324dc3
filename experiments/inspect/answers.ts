import type { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import { Predictions, Report } from '../../schemas/messages/evaluation.ts'
import { Prediction } from '../../schemas/runtime-protocol.ts'
import { goldsOf, PublicTask } from '../../schemas/task.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { couldBeLabels } from '../../tasks/answer-form.ts'
import type { AnsweredItem, AnswerSearch, LabelCounts } from '../../trace/run-reader.ts'
import { readRun } from '../run/follow-run.ts'
import { hasWords } from './run-rows.ts'
import { shortened } from './shortened.ts'

/**
 * What student models answered on validation, by item. Test, audit and forgetting check are sealed, and are in none of it.
 * @throws UsageError where no student model was scored yet
 */
export async function answeredItemsOf(bus: Bus, { config }: PlannerState): Promise<AnsweredItem[]> {
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

/** The student models that were asked, in the order in which they were scored. */
export const modelsIn = (items: readonly AnsweredItem[]): string[] => [
  ...new Set(items.flatMap(({ answers }) => answers.map(({ model }) => model))),
]

/** The student model of most interest: the final one, that of the chosen attempt, else the last that was scored. @throws UsageError */
export function shownModel(
  items: readonly AnsweredItem[],
  { bestAttempt }: PlannerState,
  named: string | undefined,
): string {
  const models = modelsIn(items)
  const wanted = named ?? ['final', `attempt-${bestAttempt}`].find((model) => models.includes(model)) ?? models.at(-1)!
  if (models.includes(wanted)) return wanted
  throw new UsageError(`No student model "${wanted}" was scored on validation.`, `Name one of ${models.join(', ')}.`)
}

export const answerBy = ({ answers }: AnsweredItem, model: string) => answers.find((answer) => answer.model === model)

/** The items that a search for answers of a student model finds. */
export const fitting = (
  items: readonly AnsweredItem[],
  model: string,
  { wrong, search }: AnswerSearch,
): AnsweredItem[] =>
  items.filter((item) => {
    const { id, skill, input, expected } = item
    const answer = answerBy(item, model)
    return (
      (!wrong || answer?.correct === false) && hasWords(search, [id, skill, input, ...expected, answer?.reply ?? null])
    )
  })

/** @throws UsageError where validation has no such item */
export function itemOf(items: readonly AnsweredItem[], runId: string, id: string): AnsweredItem {
  const found = items.find((item) => item.id === id)
  if (found) return found
  const some = items.slice(0, 3).map((item) => item.id)
  throw new UsageError(
    `Validation of run ${runId} has no such item ${id}.`,
    `Name one of its ${items.length}, such as ${some.join(', ')}. Items of the test are sealed.`,
  )
}

const labelChars = 24

/**
 * What a student model replied to the items of each label, where answers are labels: one that gives the same to all of them has collapsed.
 * Null where they are not.
 */
export function labelCounts(items: readonly AnsweredItem[], model: string): LabelCounts | null {
  const byLabel = Map.groupBy(items, ({ expected }) => expected[0]!)
  if (!couldBeLabels([...byLabel.keys()], items.length)) return null
  const count = (own: readonly AnsweredItem[]) => {
    const answers = own.flatMap((item) => answerBy(item, model) ?? [])
    const counts = Map.groupBy(answers, ({ reply }) => shortened(reply, labelChars))
    const replies = [...counts].map(([reply, { length }]) => ({ reply, count: length }))
    return {
      items: answers.length,
      right: answers.filter(({ correct }) => correct).length,
      replies: replies.toSorted((one, other) => other.count - one.count),
    }
  }
  return { model, all: count(items), byLabel: [...byLabel].map(([label, own]) => ({ label, ...count(own) })) }
}
