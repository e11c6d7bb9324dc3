import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { plural } from '../../../schemas/number-text.ts'
import { goldsOf, type ReplyScore, type Task } from '../../../schemas/task.ts'
import { answerForm } from '../../../tasks/answer-form.ts'
import { splitsOf } from '../../../tasks/check-items.ts'
import { retentionOf } from '../../../tasks/read-retention.ts'
import { openTaskScorer } from '../../../tasks/score-with.ts'
import { todosIn } from '../../../tasks/todo-lines.ts'
import { checkAnswerable } from './answerable.ts'
import { checkExamples, checkGroups, checkNearDuplicates, checkProblems } from './disjoint.ts'
import { finding, type TaskFinding } from './finding.ts'

/** Everything that can be wrong with a folder that could be read: reading it has checked files, hashes, counts and row forms. */
export async function checkTask(task: Task): Promise<TaskFinding[]> {
  return [
    finding(
      'files, hashes and counts',
      splitsOf(task)
        .map(([{ file, count }]) => `${file} ${count}`)
        .join(', '),
    ),
    checkSkills(task),
    await checkWritten(task),
    ...(await checkScoring(task)),
    checkAnswerable(task),
    checkProblems(task),
    checkGroups(task),
    checkNearDuplicates(task),
    checkExamples(task),
    await checkForm(task),
    ...(task.retentionSet ? [await checkRetention(task)] : []),
    finding(
      'the sample submission is valid',
      `${task.sampleSubmission.length} ${plural(task.sampleSubmission.length, 'row')}`,
    ),
  ]
}

/** Texts that "task init" left to a person: rows are only as good as what the planner reads of the task. */
async function checkWritten({ dir }: Task): Promise<TaskFinding> {
  const text = await readFile(join(dir, 'task.yaml'), 'utf8').catch(() => '')
  const todos = todosIn(text)
  return finding(
    'task.yaml is written',
    todos.length === 0 ? 'nothing is open' : `${todos.length} open`,
    [],
    todos.map(({ line, key, what }) => `task.yaml, line ${line} (${key}): ${what}`),
  )
}

function checkSkills(task: Task): TaskFinding {
  const known = new Set(task.skills.map(({ name }) => name))
  const items = splitsOf(task).flatMap(([{ file }, items]) => items.map((item) => ({ file, item })))
  const strangers = items.filter(({ item }) => !known.has(item.skill))
  const unused = [...known].filter((name) => !items.some(({ item }) => item.skill === name))
  return finding(
    'every item has a skill of the task',
    `${known.size} ${plural(known.size, 'skill')}`,
    strangers.map(({ file, item }) => `${file}, item ${item.id}: unknown skill ${item.skill}`),
    unused.map((name) => `no item has the skill ${name}`),
  )
}

/** The task's own retention items are outside its skills, and each gold answer scores 1. */
async function checkRetention(task: Task): Promise<TaskFinding> {
  const name = 'retention items are outside the task'
  try {
    return finding(
      name,
      `${(await retentionOf(task)).items.length} ${plural((await retentionOf(task)).items.length, 'item')}`,
    )
  } catch (error) {
    return finding(name, '', [(error as Error).message])
  }
}

/**
 * The worked examples answer in the form that the scorer reads, and show every label of a task that has labels: the base with examples, and
 * every prompt that shows them, gets the form from nothing else.
 */
async function checkForm(task: Task): Promise<TaskFinding> {
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
    form.labels.length > 0
      ? `${form.labels.length} labels`
      : `${task.fewShot.length} ${plural(task.fewShot.length, 'example')}`,
    hasForm ? [] : unread,
    [
      ...(hasForm ? unread : []),
      ...(missing.length > 0 ? [`${task.few_shot}: no example shows ${missing.slice(0, 10).join(', ')}`] : []),
    ],
  )
}

/**
 * In the mode that heads the report, each gold answer scores 1 in the required form, and an empty reply 0. A published gold that
 * the published scorer can never match is listed with its reason, and is no fault of the folder.
 */
async function checkScoring(task: Task): Promise<TaskFinding[]> {
  const scorer = openTaskScorer(task.scorer)
  const golds = finding('gold answers score 1', '')
  const empty = finding('an empty reply scores 0', '')
  let count = 0
  let answers = 0
  for (const [{ file }, items] of splitsOf(task)) {
    for (const item of items) {
      count += 1
      answers += goldsOf(item).length
      const where = `${file}, item ${item.id}`
      for (const answer of goldsOf(item)) {
        const gold = await attempt(async () => scorer.score(await scorer.inForm(answer), answer, item))
        if (gold[task.scorer.primary]) continue
        const isUnmatchable = item.part === 'benchmark' && (gold.strict || gold.lenient)
        const list = isUnmatchable ? golds.notes : golds.problems
        list.push(`${where}: ${isUnmatchable ? 'can never be matched' : 'scores 0'}: ${gold.reason}`)
      }
      const none = await attempt(() => scorer.score('', goldsOf(item), item))
      if (none.strict || none.lenient) empty.problems.push(`${where}: scores 1`)
    }
  }
  const matched = answers - golds.problems.length - golds.notes.length
  golds.detail = `${matched} of ${answers}, scorer ${scorer.name}, ${task.scorer.primary}`
  empty.detail = `${count - empty.problems.length} of ${count}`
  return [golds, empty]
}

/** A gold that the scorer cannot read raises; nothing is right about it. */
async function attempt(score: () => Promise<ReplyScore>): Promise<Pick<ReplyScore, 'strict' | 'lenient' | 'reason'>> {
  try {
    return await score()
  } catch (error) {
    return { strict: false, lenient: false, reason: (error as Error).message }
  }
}
