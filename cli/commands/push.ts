import { type Command, Option } from 'commander'
import { exportParts } from '../../experiments/export/export-run.ts'
import { type PushRun, pushRun } from '../../experiments/push/push-run.ts'
import { createReporter } from '../../launcher/console/reporter.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { ggufList } from '../options/gguf-list.ts'
import { anyRun, repository, runId, studentModel } from '../options/option-parsers.ts'

type Options = Omit<PushRun, 'runId' | 'signal'> & { json: boolean }

export function registerPush(program: Command): void {
  program
    .command('push')
    .description('put a trained model of a run, or its rows, on the Hugging Face hub')
    .argument('[run]', anyRun, runId)
    .requiredOption('--to <org/name>', 'the repository; it is made where it is not there', repository)
    .addOption(new Option('--what <part>', 'what to push').choices([...exportParts]).default('adapter'))
    .option(
      '--model <name>',
      'the trained model, such as final, control or attempt-2 (default: the latest)',
      studentModel,
    )
    .option('--base <org/model>', 'how the adapter names its base (default: as the hub does)')
    .option('--gguf <types>', 'types of the GGUF files: f32, f16, bf16, q8_0', ggufList, ['q8_0'])
    .option('--private', 'only its owners can read the repository', false)
    .option('--replace', 'put the files in place of other content that is there under their names', false)
    .option('--dry-run', 'say what would leave this machine; send nothing', false)
    .option('--json', 'JSON lines instead of text', false)
    .action(async (runId: string | undefined, { json, ...options }: Options) => {
      const reporter = createReporter({ json })
      await pushRun({ ...options, runId, signal: stopSignal() }, process.env, reporter)
      reporter.close()
    })
}
