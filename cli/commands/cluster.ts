import type { Command } from 'commander'
import { registerClusterInit } from './cluster-init.ts'
import { registerClusterNode } from './cluster-node.ts'
import { registerClusterRevoke } from './cluster-revoke.ts'

export function registerCluster(program: Command): void {
  const cluster = program.command('cluster').description('a cluster of NATS servers, and the nodes that join it')
  registerClusterInit(cluster)
  registerClusterNode(cluster)
  registerClusterRevoke(cluster)
}
