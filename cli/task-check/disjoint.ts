import {
  buildContaminationIndex,
  type EvaluationItem,
  itemIdsByOrdinal,
  openContaminationIndex,
} from '../../agents/critic/checks/contamination.ts'
import type { Item, Task } from '../../schemas/task.ts'
import { checkDisjoint, splitsOf } from '../../tasks/check-items.ts'
import { contaminationShare } from '../evidence.ts'
import { type Finding, finding } from './finding.ts'

type Text = { name: string; text: string; coreKey?: string }
type Side = { name: string; texts: Text[] }

/** No two splits share an id, a problem or a question, as `loadTask` checks. */
export function checkProblems(task: Task): Finding {
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
export function checkGroups(task: Task): Finding {
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
  return finding('splits are disjoint by context group', `${home.size} groups`, problems)
}

/** No item of a later split is a near-duplicate of one of an earlier: the critic's check of rows against items. */
export function checkNearDuplicates(task: Task): Finding {
  const sides = splitsOf(task).map(([{ file }, items]): Side => ({ name: file, texts: items.map(asText) }))
  const problems = sides.flatMap((side, index) => repeats(sides.slice(0, index), [side]))
  const detail = `${sides.reduce((sum, { texts }) => sum + texts.length, 0)} items`
  return finding('splits are disjoint by near-duplicate', detail, problems)
}

/** Neither the examples nor the seeds repeat an item of a split. */
export function checkExamples(task: Task): Finding {
  const sides = splitsOf(task).map(([{ file }, items]): Side => ({ name: file, texts: items.map(asText) }))
  const rows = (name: string, given: { input: string }[]): Side => ({
    name,
    texts: given.map(({ input }, index) => ({ name: `${index + 1}`, text: input })),
  })
  const others = [
    rows(task.few_shot, task.fewShot),
    rows(task.sample_submission, task.sampleSubmission),
    rows(
      task.seed ?? 'seeds',
      task.seeds.map(({ text }) => ({ input: text })),
    ),
  ]
  const [fewShot, sample, seeds] = others.map(({ texts }) => texts.length)
  const detail = `examples ${fewShot}, sample rows ${sample}, seeds ${seeds}`
  return finding('examples and seeds are in no split', detail, repeats(sides, others))
}

function asText({ id, input, coreKey }: Item): Text {
  return { name: id, text: input, coreKey }
}

/** Each text of `later` that repeats one of `earlier`, in words. */
function repeats(earlier: readonly Side[], later: readonly Side[]): string[] {
  const items = earlier.flatMap(({ name, texts }) =>
    texts.map(({ name: id, text, coreKey }): EvaluationItem => {
      const item: EvaluationItem = { id: `${name}, item ${id}`, split: 'sealed', text }
      return coreKey === undefined ? item : { ...item, coreKey }
    }),
  )
  if (items.length === 0) return []
  // Nobody sees this index: its key hides nothing.
  const key = Buffer.alloc(32)
  const index = openContaminationIndex(buildContaminationIndex(items, key), key, { share: contaminationShare })
  const ids = itemIdsByOrdinal(items, key)
  return later.flatMap(({ name, texts }) =>
    texts.flatMap(({ name: id, text }) => {
      const hit = index.check({ text })
      return hit ? [`${name}, ${id}: repeats ${ids[hit.item]} (${hit.how}, ${Math.round(hit.share * 100)} %)`] : []
    }),
  )
}
