import type { DatabaseSync } from 'node:sqlite'
import { scorerNamed } from '../scorers/mod.ts'
import { TaskError } from '../task-error.ts'
import type { AuditKeys } from './audit-file.ts'
import type { ImportLog } from './import-log.ts'
import type { ImportPlan } from './import-plan.ts'
import type { Importer, SourceItem, TaskProfile } from './importer.ts'
import { groupKey, ItemTable } from './item-table.ts'
import { DiskSet, fingerprint } from './scratch.ts'

/** No student reads a question this long; the splits are held in memory by those who do. */
const maxQuestionLength = 1 << 20

/** First walk: distinguishes repeats and remembers of each item its group and skill alone. */
export async function readTable(
  importer: Importer,
  source: string,
  { options, signal, seed }: ImportPlan,
  profile: TaskProfile,
  log: ImportLog,
  taken: AuditKeys | null,
  scratch: DatabaseSync,
): Promise<ItemTable> {
  const table = new ItemTable(scratch, seed)
  const [inputs, ids] = [new DiskSet(scratch, 'inputs'), new DiskSet(scratch, 'ids')]
  const isRightGold = goldCheck(profile)
  const refusal = (item: SourceItem): string | null => {
    const input = fingerprint(item.input.trim())
    if (item.input.length > maxQuestionLength) return 'the question is longer than a million characters'
    if (!isRightGold(item.answer)) return `the scorer ${profile.scorer.name} cannot match the answer`
    if (taken?.questions.has(input)) return 'stands in the audit file'
    if (item.group !== null && taken?.groups.has(groupKey(item))) return 'shares its group with the audit file'
    if (!ids.add(fingerprint(`id:${item.id}`))) return 'the id stands twice'
    return inputs.add(input) ? null : 'the question stands twice'
  }
  for await (const item of importer.items(source, log, options)) {
    signal?.throwIfAborted()
    const why = refusal(item)
    if (why === null) log.kept += 1
    else log.drop(item.id, why)
    table.add(why === null ? item : null)
  }
  if (log.kept === 0) throw new TaskError('No question could be read', source, firstReason(log))
  return table
}

/** Whether a gold scores against itself, as `loadTask` asks of every item: in the scorer's form, or at least leniently. */
function goldCheck({ scorer: { name, options } }: TaskProfile): (answer: string) => boolean {
  const scorer = scorerNamed(name)!
  return (answer) => {
    try {
      const { strict, lenient } = scorer.score(scorer.inForm(answer), answer, options)
      return answer !== '' && (strict || lenient)
    } catch {
      return false
    }
  }
}

function firstReason(log: ImportLog): string {
  const first = log.listed[0]
  return first ? `First: ${first.where}: ${first.why}.` : 'Point at the published file.'
}
