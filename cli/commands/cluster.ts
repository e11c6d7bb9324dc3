import type { Command } from 'commander'
import { registerClusterStatus } from './cluster-status.ts'

export function registerCluster(program: Command): void {
  const cluster = program.command('cluster').description('a cluster of NATS servers, and the nodes that join it')
  registerClusterStatus(cluster)
}
