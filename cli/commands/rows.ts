import type { Command } from 'commander'
import { askedFor, type RowFilter, type RunRow, runRows } from '../../experiments/inspect/run-rows.ts'
import { rowTable, rowText } from '../../experiments/inspect/text.ts'
import { pickRun } from '../../experiments/run/resume-run.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { printable, printableJson } from '../../schemas/printable.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { anyRun, positive, runId, whole } from '../options/option-parsers.ts'

type Options = RowFilter & { row?: string; limit: number; json: boolean }

export function registerRows(program: Command): void {
  program
    .command('rows')
    .description('the rows of a run, admitted and refused, each with its prompt, reply, checks and reason')
    .argument('[run]', anyRun, runId)
    .option('--refused', 'only what became no row of the dataset')
    .option('--source <id>', 'only of one source of the program')
    .option('--attempt <n>', 'only of one attempt; 0 is the control', whole)
    .option('--row <id>', 'one row, with its prompt, the reply and the row that it repeats')
    .option('--limit <n>', 'rows of the table', positive, 20)
    .option('--json', 'JSON lines, all of them, instead of a table', false)
    .action(async (named: string | undefined, { row: id, limit, json, ...filter }: Options) =>
      withBus(async (bus) => {
        const { config } = await pickRun(bus, named, () => true)
        const shown: RunRow[] = []
        let [all, found, twin]: [number, RunRow | null, RunRow | null] = [0, null, null]
        const before = new Map<string, RunRow>()
        for await (const each of runRows(bus, config.runId, id === undefined ? filter : {})) {
          all += 1
          if (id === undefined && json) console.log(printableJson(factsOf(each)))
          else if (id === undefined && shown.length < limit) shown.push(each)
          if (id !== undefined && each.status === 'admitted') before.set(each.id, each)
          if (each.id === id) [found, twin] = [each, before.get(each.duplicateOf ?? '') ?? null]
        }
        if (id === undefined) return json ? undefined : console.log(printable(rowTable(shown, all)))
        if (!found) {
          throw new UsageError(`Run ${config.runId} has no row ${id}.`, 'List its rows without --row, or with --json.')
        }
        const asked = await askedFor(bus, config, found)
        const twinFacts = twin && factsOf(twin)
        console.log(
          json ? printableJson({ ...factsOf(found), asked, twin: twinFacts }) : printable(rowText(found, twin, asked)),
        )
      }),
    )
}

const factsOf = ({ place: _, ...facts }: RunRow) => facts
