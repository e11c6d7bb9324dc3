import { hashOf } from '../../../schemas/hash.ts'
import { publicView } from '../../../tasks/load.ts'
import { type Check, messagePlace } from './check.ts'

/** The task: the public part against the run's hash of it, and all of it where its folder is given. */
export const task: Check = {
  name: 'task',
  what: "the task's hash and the order of its items",
  async run({ config, task, facts, wholeTask }, ledger) {
    if (!task) return ledger.leave('the task is not in the bundle')
    ledger.same('task: sha256', task.sha256, config.taskHash)
    ledger.same(
      'task: seeds, in the setting scratch none',
      config.setting === 'scratch' && task.seeds.length > 0,
      false,
    )
    ledger.same('task: primary mode', config.primary, task.scorer.primary)
    const opened = facts.opened[0]
    const sat = opened?.payload.results.find(({ paper }) => paper === 'test')?.items
    if (sat) ledger.same('task: items of the test', task.splits.test.count, sat.length)
    if (!wholeTask) {
      if (opened)
        ledger.leave('the test hash, and the order of its items in the task: give the task folder with --task')
      return
    }
    const seen = config.setting === 'seed' ? wholeTask : { ...wholeTask, seeds: [] }
    ledger.same('task: its folder', config.taskHash, wholeTask.sha256)
    ledger.same('task: its public part', hashOf(task), hashOf(publicView(seen)))
    if (!opened || !sat) return
    ledger.same(messagePlace('opened', opened, 'testHash'), opened.payload.testHash, hashOf(wholeTask.test))
    const shape = ({
      id,
      part,
      skill,
      group,
    }: {
      id: string
      part: string
      skill: string
      group?: string | undefined
    }) => [id, part, skill, group].filter((each) => each !== undefined).join(' ')
    for (const [index, item] of wholeTask.test.entries()) {
      ledger.same(
        messagePlace('opened', opened, `papers.test[${index}]`),
        sat[index] ? shape(sat[index]) : null,
        shape(item),
      )
    }
  },
}
