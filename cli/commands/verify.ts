import { type Command, InvalidArgumentError } from 'commander'
import { Sha256 } from '../../schemas/ids.ts'
import { loadTask } from '../../tasks/load.ts'
import { openBundle } from '../bundle/read.ts'
import { type CheckResult, verifyBundle } from '../bundle/verify.ts'
import { exitCodes } from '../exit-codes.ts'

type Options = { expect?: string; task?: string; deep: boolean; json: boolean }

export function registerVerify(program: Command): void {
  program
    .command('verify')
    .description(
      "compute every number of a bundle's report again, without network and student, and say where they differ",
    )
    .argument('<bundle>', 'an archive that "bundle" wrote')
    .option('--expect <hash>', 'the bundle hash that was published', hash)
    .option('--task <folder>', 'the whole task, for whoever has it: its hashes and the order of the test')
    .option('--deep', 'make every candidate again, too, from its seed or from the journal', false)
    .option('--json', 'JSON lines instead of text', false)
    .action(async (file: string, { expect, task: path, deep, json }: Options) => {
      await using bundle = await openBundle(file)
      const task = path === undefined ? null : await loadTask(path)
      let isSame = expect === undefined || expect === bundle.hash
      if (json) console.log(JSON.stringify({ bundle: file, hash: bundle.hash, runId: bundle.manifest.runId, expect }))
      else {
        console.log(`run ${bundle.manifest.runId}, bundle hash ${bundle.hash}`)
        if (!isSame) console.log(`DIFFERS   bundle hash: expected ${expect}`)
      }
      for await (const result of verifyBundle(bundle, { task, deep })) {
        isSame &&= result.differences.length === 0
        if (json) console.log(JSON.stringify(result))
        else for (const line of linesOf(result)) console.log(line)
      }
      if (!json) console.log(isSame ? 'Nothing differs.' : 'This bundle does not hold together.')
      process.exitCode = isSame ? exitCodes.ok : exitCodes.failure
    })
}

function hash(text: string): string {
  if (Sha256.safeParse(text).success) return text
  throw new InvalidArgumentError('Give the SHA-256 that "bundle" printed: 64 hexadecimal digits.')
}

/** Differences of one check that are printed; `--json` has all. */
const shown = 20

function linesOf({ check, what, compared, differences, unchecked }: CheckResult): string[] {
  const word = differences.length > 0 ? 'DIFFERS' : compared > 0 ? 'OK' : '–'
  const counted = compared > 0 ? `${compared.toLocaleString('en-US')} compared` : 'nothing to compare'
  const text = (value: unknown) => {
    const json = JSON.stringify(value)
    return json.length > 120 ? `${json.slice(0, 120)}…` : json
  }
  return [
    `${word.padEnd(8)}  ${check}: ${what} (${counted})`,
    ...differences
      .slice(0, shown)
      .map(({ place, said, recomputed }) => `          ${place}: said ${text(said)}, recomputed ${text(recomputed)}`),
    ...(differences.length > shown ? [`          and ${differences.length - shown} more`] : []),
    ...unchecked.map((why) => `          not checked: ${why}`),
  ]
}
