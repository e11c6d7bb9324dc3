import type { Command } from 'commander'
import { addNode, reloadSteps } from '../../cluster/membership.ts'
import { printable, printableJson } from '../../schemas/printable.ts'
import type { Role } from '../../schemas/role.ts'
import { roleList } from '../options/option-parsers.ts'

type Options = { name: string; roles: Role[]; out?: string; json: boolean }

export function registerClusterNode(cluster: Command): void {
  cluster
    .command('node')
    .description('write the join file of a host: servers, authority, and the users of its roles alone')
    .argument('<dir>', 'the folder of the cluster')
    .requiredOption('--name <name>', 'of the node')
    .requiredOption('--roles <roles>', 'what works there, with commas between them', roleList)
    .option('--out <file>', 'the join file, for its owner alone (default: NAME.node.json)')
    .option('--json', 'JSON instead of text', false)
    .action(async (dir: string, { name, roles, out = `${name}.node.json`, json }: Options) => {
      const cluster = await addNode(dir, name, roles, out)
      if (json) return console.log(printableJson({ name, roles, out, cluster: cluster.id }))
      console.log(printable(`${out}: node ${name} of ${cluster.id} with ${roles.join(', ')}.`))
      console.log(printable(reloadSteps(dir, cluster)))
    })
}
