import { type Repeat, repeatsBetween } from '../../../agents/kit/dedup/near-duplicates.ts'
import { plural, wholePercent } from '../../../schemas/number-text.ts'
import type { Task } from '../../../schemas/task.ts'
import { checkDisjoint, splitsOf } from '../../../tasks/check-items.ts'
import { finding, type TaskFinding } from './finding.ts'

type Named = { name: string; text: string }

/** No two splits share an id, a problem or a question, as `loadTask` checks. */
export function checkProblems(task: Task): TaskFinding {
  const detail = splitsOf(task)
    .map(([{ file, count }]) => `${file} ${count}`)
    .join(', ')
  try {
    checkDisjoint(task)
    return finding('splits are disjoint by problem', detail)
  } catch (error) {
    return finding('splits are disjoint by problem', detail, [(error as Error).message])
  }
}

/** No context group stands in two splits. */
export function checkGroups(task: Task): TaskFinding {
  const home = new Map<string, string>()
  const problems: string[] = []
  for (const [{ file }, items] of splitsOf(task)) {
    for (const { id, group } of items) {
      if (group === undefined) continue
      const first = home.get(group) ?? file
      home.set(group, first)
      if (first !== file) problems.push(`${file}, item ${id}: its group ${group} stands in ${first} too`)
    }
  }
  return finding('splits are disjoint by context group', `${home.size} ${plural(home.size, 'group')}`, problems)
}

/** No item of a split is a near-duplicate of one of another: the critic's check of rows against items. */
export function checkNearDuplicates(task: Task): TaskFinding {
  const sides = itemsOf(task)
  const problems = repeatsBetween(sides).map(inWords)
  return finding(
    'splits are disjoint by near-duplicate',
    `${sides.flat().length} ${plural(sides.flat().length, 'item')}`,
    problems,
  )
}

/** Neither the examples nor the seeds repeat an item of a split. */
export function checkExamples(task: Task): TaskFinding {
  const { fewShot, sampleSubmission, seeds } = task
  const rows = (name: string, texts: readonly string[]) =>
    texts.map((text, at): Named => ({ name: `${name}, ${at + 1}`, text }))
  const others = [
    ...rows(
      task.few_shot,
      fewShot.map(({ input }) => input),
    ),
    ...rows(
      task.sample_submission,
      sampleSubmission.map(({ input }) => input),
    ),
    ...rows(
      task.seed ?? 'seeds',
      seeds.map(({ text }) => text),
    ),
  ]
  const detail = `examples ${fewShot.length}, sample rows ${sampleSubmission.length}, seeds ${seeds.length}`
  const problems = repeatsBetween([itemsOf(task).flat(), others]).map(inWords)
  return finding('examples and seeds are in no split', detail, problems)
}

function itemsOf(task: Task): Named[][] {
  return splitsOf(task).map(([{ file }, items]) =>
    items.map(({ id, input }) => ({ name: `${file}, item ${id}`, text: input })),
  )
}

function inWords({ earlier, later, how, share }: Repeat<Named>): string {
  return `${later.name}: repeats ${earlier.name} (${how}, ${wholePercent(share)})`
}
