import { goldsOf, type ReplyScore, type Task } from '../../../schemas/task.ts'
import { splitsOf } from '../../../tasks/check-items.ts'
import { openTaskScorer } from '../../../tasks/score-with.ts'
import { type Finding, finding } from './finding.ts'

/**
 * In the mode that heads the report, each gold answer scores 1 in the required form, and an empty reply 0. A published gold that
 * the published scorer can never match is listed with its reason, and is no fault of the folder.
 */
export async function checkScoring(task: Task): Promise<Finding[]> {
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
