import type { Task } from '../../../schemas/task.ts'
import { splitsOf } from '../../../tasks/check-items.ts'
import { checkAnswerable } from './answerable.ts'
import { checkExamples, checkGroups, checkNearDuplicates, checkProblems } from './disjoint.ts'
import { checkForm } from './examples.ts'
import { type Finding, finding } from './finding.ts'
import { checkRetention } from './retention.ts'
import { checkScoring } from './scoring.ts'

/** Everything that can be wrong with a folder that could be read: reading it has checked files, hashes, counts and row forms. */
export async function checkTask(task: Task): Promise<Finding[]> {
  return [
    finding(
      'files, hashes and counts',
      splitsOf(task)
        .map(([{ file, count }]) => `${file} ${count}`)
        .join(', '),
    ),
    checkSkills(task),
    ...(await checkScoring(task)),
    checkAnswerable(task),
    checkProblems(task),
    checkGroups(task),
    checkNearDuplicates(task),
    checkExamples(task),
    await checkForm(task),
    ...(task.retentionSet ? [await checkRetention(task)] : []),
    finding('the sample submission is valid', `${task.sampleSubmission.length} rows`),
  ]
}

function checkSkills(task: Task): Finding {
  const known = new Set(task.skills.map(({ name }) => name))
  const items = splitsOf(task).flatMap(([{ file }, items]) => items.map((item) => ({ file, item })))
  const strangers = items.filter(({ item }) => !known.has(item.skill))
  const unused = [...known].filter((name) => !items.some(({ item }) => item.skill === name))
  return finding(
    'every item has a skill of the task',
    `${known.size} skills`,
    strangers.map(({ file, item }) => `${file}, item ${item.id}: unknown skill ${item.skill}`),
    unused.map((name) => `no item has the skill ${name}`),
  )
}
