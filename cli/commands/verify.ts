import type { Command } from 'commander'
import { type VerifyRequest, verify } from '../../experiments/inspect/verify.ts'
import { bundleHash, positive } from '../options/option-parsers.ts'
import { formerOption } from '../options/shared-options.ts'

export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description(
      "compute every number of a bundle's report again, without network and student, and say where they differ",
    )
    .argument('<bundle>', 'an archive that "bundle" wrote')
    .option('--expect <hash>', 'the bundle hash that was published', bundleHash)
    .argument('[task]', 'task folder, for whoever has the whole task: its hashes and the order of the test')
    .addOption(formerOption('--task <folder>', 'the argument [task]'))
    .option('--report <file>', 'a report.json to compare, beside the one in the bundle')
    .option('--deep', 'make every candidate again, too, from its seed or from the journal', false)
    .option(
      '--max-bytes <n>',
      'bytes that it may unpack to (default: 100 times its size, 8 MiB at least, 16 GiB at most)',
      positive,
    )
    .option('--json', 'JSON lines instead of text', false)
    .action(async (file: string, named: string | undefined, options: VerifyRequest) => {
      process.exitCode = await verify(file, named, options)
    })
}
