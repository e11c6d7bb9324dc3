import type { Command } from 'commander'
import { renewCertificates } from '../../cluster/init.ts'
import { printable } from '../../schemas/printable.ts'

export function registerClusterRenew(cluster: Command): void {
  cluster
    .command('renew')
    .description("write new certificates of the cluster's own authority, before the present ones end")
    .argument('<dir>', 'the folder of the cluster')
    .action(async (dir: string) => {
      const { hosts } = await renewCertificates(dir)
      for (const { name, addresses } of hosts)
        console.log(printable(`${dir}/hosts/${name}: copy its .pem and .key files to ${addresses[0]}`))
      console.log('Then, on each: systemctl reload nats-server (or: nats-server --signal reload).')
    })
}
