import type { Command } from 'commander'
import { answeredItemsOf, fitting, itemOf, shownModel } from '../../experiments/inspect/answers.ts'
import { answerTable, itemText, labelTable } from '../../experiments/inspect/text.ts'
import { pickRun } from '../../experiments/run/pick-run.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { printable, printableJson } from '../../schemas/printable.ts'
import type { AnswerSearch } from '../../trace/run-reader.ts'
import { positive, runId } from '../options/option-parsers.ts'

type Options = AnswerSearch & { limit: number; json: boolean }

export function registerAnswers(program: Command): void {
  program
    .command('answers')
    .description('what each student model answered on validation; the test stays sealed')
    .argument('[run]', 'run id; may be left out where one alone has a student', runId)
    .argument('[item]', 'one question, with the answers of all student models')
    .option('--wrong', 'only what the student model got wrong')
    .option('--search <words>', 'only those in whose question or reply all of these words are')
    .option('--model <name>', 'base, attempt-2, control … (default: final, before the end that of the chosen attempt)')
    .option('--limit <n>', 'lines of the table', positive, 20)
    .option('--json', 'JSON lines, all of them, instead of text', false)
    .action(async (named: string | undefined, item: string | undefined, { model, limit, json, ...filter }: Options) =>
      withBus(async (bus) => {
        const state = await pickRun(bus, named, ({ config }) => !config.generate)
        const items = await answeredItemsOf(bus, state)
        const shown = shownModel(items, state, model)
        const wanted = item === undefined ? fitting(items, shown, filter) : [itemOf(items, state.config.runId, item)]
        if (json) for (const each of wanted) console.log(printableJson(each))
        else if (item !== undefined) console.log(printable(itemText(wanted[0]!)))
        else {
          console.log(printable(answerTable(wanted.slice(0, limit), shown, wanted.length)))
          const labels = labelTable(items, shown)
          if (labels !== null) console.log(printable(`\nBy label, all of validation:\n${labels}`))
        }
      }),
    )
}
