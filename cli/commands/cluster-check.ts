import type { Command } from 'commander'
import { checkCluster } from '../../cluster/check/check-cluster.ts'
import { exitCodes } from '../../launcher/console/exit-codes.ts'
import { textTable } from '../../launcher/console/terminal.ts'
import { printable, printableJson } from '../../schemas/printable.ts'
import { collected } from '../options/option-parsers.ts'

type Options = { node: string[]; json: boolean }

export function registerClusterCheck(cluster: Command): void {
  cluster
    .command('check')
    .description('connect to every server as every role, and try what each must and must not be able to do')
    .argument('<dir>', 'the folder of the cluster')
    .option('--node <file>', 'a join file to check, beside that of the folder; once for each', collected, [])
    .option('--json', 'JSON instead of a table', false)
    .action(async (dir: string, { node, json }: Options) => {
      const { findings, isRight } = await checkCluster(dir, node)
      if (!isRight) process.exitCode = exitCodes.badInput
      if (json) return console.log(printableJson({ isRight, findings }))
      console.log(textTable(findings.map(({ where, what, status, detail }) => ({ where, what, status, detail }))))
      for (const { where, what, status, detail, fix } of findings)
        if (fix !== undefined) console.log(printable(`${status}: ${where}, ${what}: ${detail}. ${fix}`))
    })
}
