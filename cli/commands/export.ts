import { type Command, Option } from 'commander'
import { type ExportPart, type ExportRun, exportParts, exportRun } from '../../experiments/export/export-run.ts'
import { exportFormats } from '../../experiments/export/formats.ts'
import { createReporter } from '../../launcher/console/reporter.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { mergedTypes } from '../../models/export/merged.ts'
import { ggufList } from '../options/gguf-list.ts'
import { anyRun, positive, runId, shardSize, studentModel } from '../options/option-parsers.ts'
import { provenanceOption } from '../options/shared-options.ts'

type Options = Omit<ExportRun, 'runId' | 'signal'> & { json: boolean; what: ExportPart }

const rows: readonly ExportPart[] = ['dataset', 'all']
const models: readonly ExportPart[] = ['adapter', 'merged', 'gguf', 'card', 'all']

/** The parts that an option says something about; with another part it would be passed over in silence. */
const meantFor: Record<string, readonly ExportPart[]> = {
  format: rows,
  provenance: rows,
  attempt: rows,
  base: models,
  type: ['merged', 'gguf', 'all'],
  maxShard: ['merged', 'gguf', 'all'],
  gguf: ['gguf', 'all'],
}

export function registerExport(program: Command): void {
  program
    .command('export')
    .description('write the rows of a run, or a model that it trained, for other tools')
    .argument('[run]', anyRun, runId)
    .addOption(new Option('--what <part>', 'what to write').choices([...exportParts]).default('dataset'))
    .option('--model <name>', 'final, control, attempt-2, final-s2 … (default: final)', studentModel)
    .option('--out <dir>', 'folder (default: in runs/<run>); of "all", each part has a folder in it')
    .addOption(new Option('--format <name>', 'layout of the rows').choices([...exportFormats]).default('alpaca'))
    .addOption(provenanceOption())
    .option('--attempt <n>', 'rows of another attempt than the chosen one', positive)
    .option(
      '--base <name>',
      'how the adapter names its base: org/model or a folder (default: as the hub does, or a folder’s last part)',
    )
    .addOption(
      new Option('--type <name>', 'weights when merged (default: as the base’s; for GGUF float32)').choices([
        ...mergedTypes,
      ]),
    )
    .option('--max-shard <size>', 'a file of merged weights at most', shardSize, '5GB')
    .option('--gguf <types>', 'types of the GGUF files: f32, f16, bf16, q8_0', ggufList, ['f16', 'q8_0'])
    .option('--json', 'JSON instead of text', false)
    .hook('preAction', refuseIdle)
    .action(async (runId: string | undefined, { json, ...options }: Options) => {
      const { signal } = new AbortController()
      const reporter = createReporter({ json })
      await withBus((bus) => exportRun(bus, { ...options, runId, signal }, reporter))
      reporter.close()
    })
}

/** @throws CommanderError when an option is given that the part does not read */
function refuseIdle(command: Command): void {
  const { what } = command.opts<Options>()
  for (const option of command.options) {
    const name = option.attributeName()
    const parts = meantFor[name]
    if (!parts || parts.includes(what) || command.getOptionValueSource(name) !== 'cli') continue
    command.error(`error: option '${option.flags}' cannot be used with --what ${what}: it is for ${parts.join(', ')}`, {
      code: 'commander.conflictingOption',
    })
  }
}
