import type { Bus } from '../../bus/mod.ts'
import type { LogEntry } from '../../schemas/log-entry.ts'
import { Job } from '../../schemas/messages/evaluation.ts'
import { Verdict } from '../../schemas/messages/generation.ts'
import { Row } from '../../schemas/row.ts'
import type { AnsweredItem, Helped, RowLineage } from '../../trace/run-reader.ts'
import { answerBy } from './answers.ts'
import type { RunRow } from './run-rows.ts'

/** Items that are shown of a training. */
const shownItems = 8

/**
 * What became of a row after it was admitted: the attempts whose datasets hold it, the trainings on those, and the validation items of its
 * skill that turned right with each. That the row is why is not known: the other rows of the dataset were trained on, too.
 */
export async function lineageOf(
  bus: Bus,
  entries: readonly LogEntry[],
  { row, status, attempt }: RunRow,
  items: readonly AnsweredItem[],
): Promise<RowLineage> {
  if (!row || status !== 'admitted') return { datasets: [], trainings: [] }
  const verdicts = new Map(
    entries.flatMap(({ name, payload }) => {
      if (name !== Verdict.name) return []
      const verdict = Verdict.schema.parse(payload)
      return [[verdict.attempt, verdict] as const]
    }),
  )
  const datasets: RowLineage['datasets'] = []
  const hashes = new Set<string>()
  for (const verdict of [...verdicts.values()].sort((one, other) => one.attempt - other.attempt)) {
    // A row is carried over into later attempts alone.
    if (verdict.attempt !== attempt && (verdict.attempt < attempt || attempt === 0)) continue
    let isIn = false
    for await (const each of bus.objects.lines(verdict.dataset, Row)) {
      isIn = each.id === row.id
      if (isIn) break
    }
    if (!isIn) continue
    datasets.push({ attempt: verdict.attempt, rows: verdict.rows, hash: verdict.datasetHash })
    hashes.add(verdict.datasetHash)
  }
  const jobs = entries.flatMap(({ name, payload }) => (name === Job.name ? [Job.schema.parse(payload)] : []))
  const trained = jobs.flatMap(({ studentModel, training }) =>
    training && hashes.has(training.datasetHash) ? [studentModel] : [],
  )
  return { datasets, trainings: [...new Set(trained)].map((model) => helpedBy(model, row.skill, items)) }
}

/** Items of a skill that turned right, and that turned wrong, from the base and from the student model that was scored before. */
export function helpedBy(model: string, skill: string, items: readonly AnsweredItem[]): Helped {
  const own = items.filter((item) => item.skill === skill)
  const scored = [...new Set(own.flatMap(({ answers }) => answers.map((answer) => answer.model)))]
  const before = scored[scored.indexOf(model) - 1] ?? null
  const against = [...new Set(['base', ...(before ? [before] : [])])].filter(
    (other) => other !== model && scored.includes(other) && scored.includes(model),
  )
  return {
    model,
    skill,
    items: own.filter((item) => answerBy(item, model)).length,
    against: against.map((other) => {
      const turned = (from: boolean) =>
        own.filter((item) => answerBy(item, other)?.correct === from && answerBy(item, model)?.correct === !from)
      const right = turned(false)
      return {
        model: other,
        right: right.length,
        wrong: turned(true).length,
        shown: right.slice(0, shownItems).map((item) => ({
          id: item.id,
          input: item.input,
          before: answerBy(item, other)!.reply,
          after: answerBy(item, model)!.reply,
        })),
      }
    }),
  }
}
