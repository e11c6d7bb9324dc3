import { type Command, Option } from 'commander'
import { tryRun } from '../../experiments/try/try-run.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../launcher/topology/topology-names.ts'
import type { TryQuestion } from '../../trace/try-panel.ts'
import { anyRun, positive, runId, someText, studentModel } from '../options/option-parsers.ts'

type Options = { model?: string; ask?: string; plain: boolean; example?: number | true; json: boolean }

export function registerTry(program: Command): void {
  program
    .command('try')
    .description('ask the base and a trained model of a run the same question')
    .argument('[run]', anyRun, runId)
    .option(
      '--model <name>',
      'the trained model, such as final, control or attempt-2 (default: the latest)',
      studentModel,
    )
    .option('--ask <text>', 'one question, then end; without it they are typed', someText)
    .option('--plain', "ask the text alone, without the task's instruction and system turn", false)
    .addOption(
      new Option('--example [n]', 'question n of validation, with its right answer (default: 1)')
        .argParser(positive)
        .conflicts(['ask', 'plain']),
    )
    .option('--json', 'JSON instead of text', false)
    .action(async (runId: string | undefined, { model, ask, plain, example, json }: Options) => {
      const question: TryQuestion | undefined =
        ask !== undefined ? { text: ask, plain } : example ? { example: example === true ? 1 : example } : undefined
      const named = { ...(model && { model }), ...(question && { question }) }
      await tryRun({ runId, ...named, json, signal: stopSignal() }, await readTopology(defaultTopology))
    })
}
