import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bus } from '../../bus/mod.ts'
import { runsFolder } from '../../machine/folders.ts'
import { Predictions, Report } from '../../schemas/messages/evaluation.ts'
import { Batch, Shard, Verdict } from '../../schemas/messages/generation.ts'
import { shortenCounted } from '../../schemas/text.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import type { AnswerLine, Helped, RowLine, RunReader, TablePage } from '../../trace/run-reader.ts'
import { readRun } from '../run/follow-run.ts'
import { pickRun } from '../run/pick-run.ts'
import { answerBy, answeredItemsOf, fitting, itemOf, labelCounts, modelsIn, shownModel } from './answers.ts'
import { createHeld } from './held.ts'
import { lineageOf } from './lineage.ts'
import { askedFor, keeps, type RunRow, rowDetail, rowLine, rowWithId, runRows } from './run-rows.ts'
import { shortened } from './shortened.ts'

/** Characters of a text in a line of a table, and in what is opened from it. */
const [lineChars, openedChars] = [240, 100_000]
const shownReplies = 8

const opened = (text: string): string => shortenCounted(text, openedChars)

/** Reads runs for the live page: the same rows and answers as `syllabus rows` and `syllabus answers` print. */
export function createRunReader(bus: Bus, { gateway }: Pick<Topology, 'gateway'>): RunReader {
  const stateOf = (runId: string) => pickRun(bus, runId, () => true)

  const rowsOf = createHeld(bus, [Shard.name, Batch.name, Verdict.name], async (runId) => {
    await stateOf(runId)
    const rows: RunRow[] = []
    let chars = 0
    for await (const each of runRows(bus, runId)) {
      chars += JSON.stringify(each.row).length
      if (2 * chars > gateway.tableBytes) return { rows, isCut: true }
      rows.push(each)
    }
    return { rows, isCut: false }
  })

  const itemsOf = createHeld(bus, [Predictions.name, Report.name], async (runId) =>
    answeredItemsOf(bus, await stateOf(runId)),
  )

  const pageOf = <From, Line>(all: readonly From[], from: number, lineOf: (each: From) => Line): TablePage<Line> => ({
    found: all.length,
    from,
    lines: all.slice(from, from + gateway.tableRows).map(lineOf),
  })

  return {
    async rows(runId, search, from) {
      const { rows, isCut } = await rowsOf(runId)
      const wanted = rows.filter((row) => keeps(search, row))
      return { ...pageOf(wanted, from, shortRow), isCut }
    },
    async row(runId, id) {
      const { rows, isCut } = await rowsOf(runId)
      const { config } = await stateOf(runId)
      const isHeld = !isCut || rows.some((row) => row.id === id)
      const { found, twin } = await rowWithId(isHeld ? rows : runRows(bus, runId), runId, id)
      const detail = rowDetail(found, twin, await askedFor(bus, config, found))
      const calls = detail.calls.map((call) => ({ ...call, reply: call.reply && opened(call.reply) }))
      return { ...detail, prompt: detail.prompt && opened(detail.prompt), calls }
    },
    async lineage(runId, id) {
      const { rows, isCut } = await rowsOf(runId)
      const isHeld = !isCut || rows.some((row) => row.id === id)
      const { found } = await rowWithId(isHeld ? rows : runRows(bus, runId), runId, id)
      // Before the first score there are no items yet, and the datasets are shown all the same.
      const items = await itemsOf(runId).catch((error: unknown) => {
        if (error instanceof UsageError) return []
        throw error
      })
      const { datasets, trainings } = await lineageOf(bus, await readRun(bus, runId), found, items)
      return { datasets, trainings: trainings.map(shortHelped) }
    },
    async answers(runId, search, from) {
      const items = await itemsOf(runId)
      const model = shownModel(items, await stateOf(runId), search.model)
      const lineOf = (item: (typeof items)[number]): AnswerLine => {
        const answer = answerBy(item, model)
        const short = answer ? { ...answer, reply: shortened(answer.reply, lineChars) } : null
        return {
          id: item.id,
          input: shortened(item.input, lineChars),
          expected: shortened(item.expected[0]!, lineChars),
          answer: short,
        }
      }
      return { ...pageOf(fitting(items, model, search), from, lineOf), model, models: modelsIn(items) }
    },
    async answer(runId, id) {
      const item = itemOf(await itemsOf(runId), runId, id)
      return { ...item, answers: item.answers.map((answer) => ({ ...answer, reply: opened(answer.reply) })) }
    },
    async labels(runId) {
      const items = await itemsOf(runId)
      const most = <Counts extends { replies: readonly unknown[] }>(counts: Counts): Counts => ({
        ...counts,
        replies: counts.replies.slice(0, shownReplies),
      })
      const counts = modelsIn(items).flatMap((model) => labelCounts(items, model) ?? [])
      if (counts.length === 0) return null
      return counts.map(({ model, all, byLabel }) => ({ model, all: most(all), byLabel: byLabel.map(most) }))
    },
    async report(runId) {
      await stateOf(runId)
      const report = await readFile(join(runsFolder(), runId, 'report.html'), 'utf8').catch(() => null)
      if (report !== null) return report
      const where = `There is no report of run ${runId} in ${runsFolder()}.`
      throw new UsageError(where, `Once the run is over, write it: npx syllabus report ${runId}`)
    },
  }
}

const shortHelped = ({ against, ...helped }: Helped): Helped => {
  const short = (text: string) => shortened(text, lineChars)
  return {
    ...helped,
    against: against.map(({ shown, ...each }) => ({
      ...each,
      shown: shown.map(({ id, input, before, after }) => ({
        ...{ id, input: short(input), before: short(before), after: short(after) },
      })),
    })),
  }
}

const shortRow = (row: RunRow): RowLine => {
  const { input, output, why, ...line } = rowLine(row)
  const short = (text: string) => shortened(text, lineChars)
  return { ...line, input: short(input), output: short(output), why: why && short(why) }
}
