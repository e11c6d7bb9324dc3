import { plural } from '../schemas/number-text.ts'
import type { Item, Task } from '../schemas/task.ts'
import { splitsOf } from './check-items.ts'

/** What a task is, and no text of its tests. */
export function taskFacts(task: Task) {
  const { id, title, description, goal, instruction, scorer, recipe, inference, rows, procedure, departures, sha256 } =
    task
  const splits = splitsOf(task).map(([{ file, sha256: hash }, items]) => ({ file, sha256: hash, items: items.length }))
  const counts = { examples: task.fewShot.length, seeds: task.seeds.length, sampleRows: task.sampleSubmission.length }
  const skills = task.skills.map(({ name }) => name)
  const head = { id, title, description, goal, instruction, scorer, recipe, inference, rows, procedure }
  return { ...head, skills, ...counts, splits, departures, sha256 }
}

/** The same in lines for a person. */
export function describeTask(task: Task): string[] {
  const { scorer, recipe, inference, rows } = task
  const pairs = (value: object) =>
    Object.entries(value)
      .map(([key, each]) => `${key} ${each}`)
      .join(', ')
  const options = pairs(scorer.options)
  return [
    `${task.title} (${task.id})`,
    task.description,
    '',
    `goal         ${task.goal}`,
    `instruction  ${task.instruction}`,
    `scorer       ${scorer.file ?? scorer.name}, ${scorer.primary}${options ? ` (${options})` : ''}`,
    `recipe       ${pairs(recipe)}`,
    `inference    ${pairs(inference)}`,
    `rows         ${rows.target}, valid from ${rows.minimum}`,
    `procedure    ${task.procedure ?? 'none: a generator with a teacher is needed'}`,
    `examples     ${task.fewShot.length}; seeds ${task.seeds.length}; sample rows ${task.sampleSubmission.length}`,
    ...task.references.map(({ arm, rows }) => `${arm}: ${rows.length} ${plural(rows.length, 'row')} to compare with`),
    '',
    ...table(task),
    '',
    ...splitsOf(task).map(([{ file, sha256 }]) => `${sha256}  ${file}`),
    `${task.sha256}  the task`,
    ...task.departures.map((departure) => `departs: ${departure}`),
  ]
}

/** Items by split, in all, by part and by skill. */
function table(task: Task): string[] {
  const splits = splitsOf(task)
  const line = (name: string, cells: (string | number)[]) =>
    `${name.padEnd(28)}${cells.map((cell) => String(cell).padStart(12)).join('')}`
  const count = (name: string, isOne: (item: Item) => boolean) =>
    line(
      name,
      splits.map(([, items]) => items.filter(isOne).length),
    )
  const parts = [...new Set(splits.flatMap(([, items]) => items.map(({ part }) => part)))]
  return [
    line('items', ['validation', 'test', 'audit'].slice(0, splits.length)),
    count('all', () => true),
    ...parts.map((part) => count(`part ${part}`, (item) => item.part === part)),
    ...task.skills.map(({ name }) => count(`skill ${name}`, (item) => item.skill === name)),
    line(
      'context groups',
      splits.map(([, items]) => new Set(items.flatMap(({ group }) => group ?? [])).size),
    ),
  ]
}
