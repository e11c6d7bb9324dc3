import { join } from 'node:path'
import type { Command } from 'commander'
import { writeBundle } from '../../evidence/bundle/write.ts'
import { commandAgain } from '../../experiments/run/command-again.ts'
import { pickRun } from '../../experiments/run/pick-run.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { runsFolder } from '../../machine/folders.ts'
import { numberText, plural } from '../../schemas/number-text.ts'
import { printableJson } from '../../schemas/printable.ts'
import { anyRun, runId } from '../options/option-parsers.ts'

export function registerBundle(program: Command): void {
  program
    .command('bundle')
    .description('write everything that a run rests on into one archive, for "verify"')
    .argument('[run]', anyRun, runId)
    .option('--out <file>', 'the archive (default: runs/<run>/bundle.tar.gz)')
    .option('--json', 'JSON instead of text', false)
    .action(async (named: string | undefined, { out, json }: { out?: string; json: boolean }) =>
      withBus(async (bus) => {
        const { runId } = (await pickRun(bus, named, () => true)).config
        const written = await writeBundle(bus, runId, out ?? join(runsFolder(), runId, 'bundle.tar.gz'))
        if (json) return console.log(printableJson(written))
        const { file, hash, files, bytes, missing } = written
        console.log(`${file}: ${files} ${plural(files, 'file')}, ${numberText(bytes)} bytes`)
        console.log(`bundle hash: ${hash}`)
        for (const { name, reason } of missing) console.log(`not in it: ${name} (${reason})`)
        console.log(`Check it anywhere with: ${commandAgain(['verify', file, '--expect', hash])}`)
      }),
    )
}
