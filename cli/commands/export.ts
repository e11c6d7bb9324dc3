import { type Command, Option } from 'commander'
import { type ExportPart, type ExportRun, exportParts, exportRun } from '../../experiments/export/export-run.ts'
import { exportFormats, provenanceOption } from '../../experiments/export/options.ts'
import { createReporter } from '../../launcher/console/reporter.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { mergedTypes } from '../../models/export/merged.ts'
import { ggufList, positive, runId, shardSize, studentModel } from '../options/option-parsers.ts'

type Options = Omit<ExportRun, 'runId' | 'signal'> & { json: boolean; what: ExportPart }

const examples = `
Examples:
  $ syllabus export <run>                                    the rows, for LLaMA-Factory
  $ syllabus export <run> --what adapter --out my-adapter    the final model's adapter, for peft and vLLM
  $ syllabus export <run> --what gguf --gguf q8_0            one file for llama.cpp, Ollama and LM Studio
  $ syllabus export <run> --what all --model attempt-2       rows, adapter, merged model, GGUF and cards`

export function registerExport(program: Command): void {
  program
    .command('export')
    .description('write the rows of a run, or a model that it trained, for other tools')
    .argument('<run>', 'run id', runId)
    .addOption(new Option('--what <part>', 'what to write').choices([...exportParts]).default('dataset'))
    .option('--model <name>', 'final, control, attempt-2, final-s2 … (default: final)', studentModel)
    .option('--out <dir>', 'folder (default: in runs/<run>); of "all", each part has a folder in it')
    .addOption(new Option('--format <name>', 'layout of the rows').choices([...exportFormats]).default('alpaca'))
    .addOption(provenanceOption())
    .option('--attempt <n>', 'rows of another attempt than the chosen one', positive)
    .option('--base <name>', 'how the adapter names its base: org/model or a folder (default: so that it loads here)')
    .addOption(
      new Option('--type <name>', 'weights when merged (default: as the base’s; for GGUF float32)').choices([
        ...mergedTypes,
      ]),
    )
    .option('--max-shard <size>', 'a file of merged weights at most', shardSize, '5GB')
    .option('--gguf <types>', 'types of the GGUF files: f32, f16, bf16, q8_0', ggufList, ['f16', 'q8_0'])
    .option('--json', 'JSON instead of text', false)
    .addHelpText('after', examples)
    .action(async (runId: string, { json, ...options }: Options) => {
      const { signal } = new AbortController()
      const reporter = createReporter({ json })
      await withBus((bus) => exportRun(bus, { ...options, runId, signal }, reporter))
      reporter.close()
    })
}
