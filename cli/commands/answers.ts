import type { Command } from 'commander'
import { answersOf, shownModel } from '../../experiments/inspect/answers.ts'
import { answerTable, itemText, labelTable } from '../../experiments/inspect/text.ts'
import { pickRun } from '../../experiments/run/resume-run.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { printable, printableJson } from '../../schemas/printable.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { positive, runId } from '../options/option-parsers.ts'

type Options = { wrong?: boolean; model?: string; limit: number; json: boolean }

export function registerAnswers(program: Command): void {
  program
    .command('answers')
    .description('what each student model answered on validation; the test stays sealed')
    .argument('[run]', 'run id; may be left out where one alone has a student', runId)
    .argument('[item]', 'one question, with the answers of all student models')
    .option('--wrong', 'only what the student model got wrong')
    .option('--model <name>', 'base, attempt-2, control … (default: that of the chosen attempt)')
    .option('--limit <n>', 'lines of the table', positive, 20)
    .option('--json', 'JSON lines, all of them, instead of text', false)
    .action(async (named: string | undefined, item: string | undefined, { wrong, model, limit, json }: Options) =>
      withBus(async (bus) => {
        const state = await pickRun(bus, named, ({ config }) => !config.generate)
        const items = await answersOf(bus, state)
        const shown = shownModel(items, state, model)
        const isWrong = (answers: (typeof items)[number]['answers']) =>
          answers.some((answer) => answer.model === shown && !answer.correct)
        const wanted = items.filter(
          ({ id, answers }) => (item === undefined || id === item) && (!wrong || isWrong(answers)),
        )
        if (item !== undefined && wanted.length === 0) {
          throw new UsageError(
            `Validation of run ${state.config.runId} has no such item ${item}.`,
            'List its items without naming one. Items of the test are sealed.',
          )
        }
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
