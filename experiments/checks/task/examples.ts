import type { Task } from '../../../schemas/task.ts'
import { answerForm } from '../../../tasks/answer-form.ts'
import { splitsOf } from '../../../tasks/check-items.ts'
import { openTaskScorer } from '../../../tasks/score-with.ts'
import { type Finding, finding } from './finding.ts'

/**
 * The worked examples answer in the form that the scorer reads, and show every label of a task that has labels: the base with examples, and
 * every prompt that shows them, is told the form by nothing else.
 */
export async function checkForm(task: Task): Promise<Finding> {
  const scorer = openTaskScorer(task.scorer)
  const form = await answerForm(
    splitsOf(task).flatMap(([, items]) => items),
    scorer,
  )
  const unread: string[] = []
  for (const [at, { output }] of task.fewShot.entries()) {
    const what = `the scorer ${scorer.name} reads no answer in "${output.slice(0, 60)}"`
    if (!(await form.fits(output))) unread.push(`${task.few_shot}, ${at + 1}: ${what}`)
  }
  const missing: string[] = []
  for (const label of form.labels) {
    const shown = await Promise.all(
      task.fewShot.map(async ({ output }) => (await scorer.score(output, label).catch(() => null))?.lenient ?? false),
    )
    if (!shown.includes(true)) missing.push(label)
  }
  const hasForm = unread.length < task.fewShot.length
  return finding(
    'worked examples have the form of answers',
    form.labels.length > 0 ? `${form.labels.length} labels` : `${task.fewShot.length} examples`,
    hasForm ? [] : unread,
    [
      ...(hasForm ? unread : []),
      ...(missing.length > 0 ? [`${task.few_shot}: no example shows ${missing.slice(0, 10).join(', ')}`] : []),
    ],
  )
}
