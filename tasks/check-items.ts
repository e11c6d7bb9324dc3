import { join } from 'node:path'
import { goldsOf, type Item, type SplitFile, type Task } from '../schemas/task.ts'
import { normaliseInput } from './draws.ts'
import type { TaskScorer } from './score-with.ts'
import { TaskError } from './task-error.ts'

const REMOVE_ONE = 'Remove one of the two, or change its numbers and its wording.'

/** Every split that the task has: its file and its items. */
export function splitsOf({ splits, validation, test, audit }: Task): [SplitFile, Item[]][] {
  const always: [SplitFile, Item[]][] = [
    [splits.validation, validation],
    [splits.test, test],
  ]
  return splits.audit ? [...always, [splits.audit, audit]] : always
}

/** @throws TaskError when an id, a problem or a question stands twice, within a split or across splits and examples */
export function checkDisjoint(task: Task): void {
  const seen = { id: new Map<string, string>(), core: new Map<string, string>(), question: new Map<string, string>() }
  const claim = (kind: keyof typeof seen, value: string, where: string) => {
    const first = seen[kind].get(value)
    if (first) throw new TaskError(`The same ${kind} stands twice`, `${first} and ${where}`, REMOVE_ONE)
    seen[kind].set(value, where)
  }
  for (const [{ file }, items] of splitsOf(task)) {
    for (const item of items) {
      const where = `${join(task.dir, file)}, item ${item.id}`
      claim('id', item.id, where)
      claim('core', item.coreKey, where)
      claim('question', questionOf(item), where)
    }
  }
  for (const [index, row] of task.fewShot.entries())
    claim('question', normaliseInput(row.input), `${join(task.dir, task.few_shot)}, example ${index + 1}`)
}

/** A benchmark's questions may differ in a sign or a bracket alone, so they are compared as written. */
const questionOf = ({ part, input }: Item): string => (part === 'benchmark' ? input.trim() : normaliseInput(input))

/** @throws TaskError when an item's skill is not one of the task's, or its gold answer does not score against itself */
export async function checkItem(task: Task, item: Item, file: string, scorer: TaskScorer): Promise<void> {
  const where = `${join(task.dir, file)}, item ${item.id}`
  if (!task.skills.some(({ name }) => name === item.skill)) {
    throw new TaskError(
      `Unknown skill "${item.skill}"`,
      where,
      'Name the skill under skills in task.yaml, or correct it.',
    )
  }
  await checkGold(item, where, scorer)
}

/** @throws TaskError when one of an item's golds does not score against itself */
export async function checkGold(item: Item, where: string, scorer: TaskScorer): Promise<void> {
  for (const answer of goldsOf(item)) {
    const own = await scoreAgainstItself(item, answer, scorer)
    if (own === null) continue
    const fix = `Write the answer in the form that the scorer ${scorer.name} reads.`
    throw new TaskError(`The gold answer "${answer}" scores 0 against itself: ${own}`, where, fix)
  }
}

/** Null when it scores, else the reason why not. */
async function scoreAgainstItself(item: Item, answer: string, scorer: TaskScorer): Promise<string | null> {
  try {
    const score = await scorer.score(await scorer.inForm(answer), answer, item)
    // Some published golds cannot be matched by the published scorer; those still have to be right to a person.
    const isRight = score.strict || (item.part === 'benchmark' && score.lenient)
    return isRight ? null : score.reason
  } catch (error) {
    return (error as Error).message
  }
}
