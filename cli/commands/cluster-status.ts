import type { Command } from 'commander'
import { clusterStatus } from '../../cluster/status.ts'

export function registerClusterStatus(cluster: Command): void {
  cluster
    .command('status')
    .description('servers, leaders, copies in sync, backlog by consumer, and the nodes with versions and clocks')
    .argument('[file]', "the operator's join file (default: what NATS_URL and SYLLABUS_CREDENTIALS name)")
    .option('--json', 'JSON instead of tables', false)
    .action((file: string | undefined, options: { json: boolean }) => clusterStatus(file, options))
}
