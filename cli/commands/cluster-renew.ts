import type { Command } from 'commander'
import { renewHosts } from '../../cluster/init.ts'
import { printable, printableJson } from '../../schemas/printable.ts'

export function registerClusterRenew(cluster: Command): void {
  cluster
    .command('renew')
    .description('write new certificates, and the permissions that this version of Syllabus needs')
    .argument('<dir>', 'the folder of the cluster')
    .option('--json', 'JSON instead of text', false)
    .action(async (dir: string, { json }: { json: boolean }) => {
      const { id, hosts } = await renewHosts(dir)
      if (json) return console.log(printableJson({ cluster: id, hosts: hosts.map(({ name }) => name) }))
      for (const { name, addresses } of hosts)
        console.log(printable(`${dir}/hosts/${name}: copy its .pem, .key and .conf files to ${addresses[0]}`))
      console.log('Then, on each: systemctl reload nats-server (or: nats-server --signal reload).')
    })
}
