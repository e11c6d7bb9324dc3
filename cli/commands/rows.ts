import { type Command, Option } from 'commander'
import type { Bus } from '../../bus/mod.ts'
import {
  askedFor,
  type RowFilter,
  type RunRow,
  rowDetail,
  rowWithId,
  runRows,
} from '../../experiments/inspect/run-rows.ts'
import { rowTable, rowText } from '../../experiments/inspect/text.ts'
import { pickRun } from '../../experiments/run/pick-run.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { printable, printableJson } from '../../schemas/printable.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { anyRun, positive, runId, wholeNumber } from '../options/option-parsers.ts'

type Options = RowFilter & { row?: string; limit: number; json: boolean }

export function registerRows(program: Command): void {
  program
    .command('rows')
    .description('the rows of a run, admitted and refused, each with its prompt, reply, checks and reason')
    .argument('[run]', anyRun, runId)
    .addOption(new Option('--admitted', 'only rows of the dataset').conflicts('refused'))
    .option('--refused', 'only what became no row of the dataset')
    .option('--search <words>', 'only those in whose texts, id or reason all of these words are')
    .option('--source <id>', 'only of one source of the program')
    .option('--attempt <n>', 'only of one attempt; 0 is the control', wholeNumber)
    .option('--row <id>', 'one row, with its prompt, the reply and the row that it repeats')
    .option('--limit <n>', 'rows of the table', positive, 20)
    .option('--json', 'JSON lines, all of them, instead of a table', false)
    .action(async (named: string | undefined, { row: id, limit, json, ...filter }: Options) =>
      withBus(async (bus) => {
        const { config } = await pickRun(bus, named, () => true)
        if (id !== undefined) return showRow(bus, config, id, json)
        const shown: RunRow[] = []
        let all = 0
        for await (const each of runRows(bus, config.runId, filter)) {
          all += 1
          if (json) console.log(printableJson(factsOf(each)))
          else if (shown.length < limit) shown.push(each)
        }
        if (!json) console.log(printable(rowTable(shown, all)))
      }),
    )
}

async function showRow(bus: Bus, config: RunConfig, id: string, json: boolean): Promise<void> {
  const { found, twin } = await rowWithId(runRows(bus, config.runId), config.runId, id)
  const asked = await askedFor(bus, config, found)
  const facts = { ...factsOf(found), asked, twin: twin && factsOf(twin) }
  console.log(json ? printableJson(facts) : printable(rowText(rowDetail(found, twin, asked))))
}

const factsOf = ({ place: _, ...facts }: RunRow) => facts
