import type { Command } from 'commander'
import { reloadSteps, revokeNode } from '../../cluster/membership.ts'
import { printable, printableJson } from '../../schemas/printable.ts'

export function registerClusterRevoke(cluster: Command): void {
  cluster
    .command('revoke')
    .description('take the users of a node out, so that its join file opens nothing any more')
    .argument('<dir>', 'the folder of the cluster')
    .argument('<name>', 'the node')
    .option('--json', 'JSON instead of text', false)
    .action(async (dir: string, name: string, { json }: { json: boolean }) => {
      const cluster = await revokeNode(dir, name)
      if (json) return console.log(printableJson({ name, cluster: cluster.id }))
      console.log(printable(`Node ${name} of ${cluster.id} is taken out.`))
      console.log(printable(reloadSteps(dir, cluster)))
    })
}
