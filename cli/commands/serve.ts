import { type Command, Option } from 'commander'
import { serveRun } from '../../experiments/serve/serve-run.ts'
import { createReporter } from '../../launcher/console/reporter.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../launcher/topology/topology-names.ts'
import { type ServingRuntime, servingRuntimes } from '../../models/serve-models.ts'
import { anyRun, integer, runId, studentModels } from '../options/option-parsers.ts'

type Options = { model?: string[]; port?: number; runtime?: ServingRuntime; json: boolean }

export function registerServe(program: Command): void {
  program
    .command('serve')
    .description('serve the base and trained models of a run as an OpenAI-compatible API of this machine')
    .argument('[run]', anyRun, runId)
    .option('--model <names>', 'the trained models, with commas between them (default: the latest)', studentModels)
    .option('--port <n>', 'port of the loopback interface (default: one that is free)', integer(1, 65_535))
    .addOption(
      new Option(
        '--runtime <name>',
        'what serves (default: vllm on a host with a GPU where it is installed, else peft)',
      ).choices(servingRuntimes),
    )
    .option('--json', 'JSON lines instead of text', false)
    .action(async (runId: string | undefined, { model, port, runtime, json }: Options) => {
      const named = { ...(model && { models: model }), ...(port && { port }), ...(runtime && { runtime }) }
      const reporter = createReporter({ json })
      await serveRun({ runId, ...named, signal: stopSignal() }, await readTopology(defaultTopology), reporter)
    })
}
