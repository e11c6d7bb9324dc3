import type { Command } from 'commander'
import { registerClusterCheck } from './cluster-check.ts'
import { registerClusterInit } from './cluster-init.ts'
import { registerClusterNode } from './cluster-node.ts'
import { registerClusterRenew } from './cluster-renew.ts'
import { registerClusterRevoke } from './cluster-revoke.ts'
import { registerClusterStatus } from './cluster-status.ts'

export function registerCluster(program: Command): void {
  const cluster = program.command('cluster').description('a cluster of NATS servers, and the nodes that join it')
  registerClusterInit(cluster)
  registerClusterNode(cluster)
  registerClusterCheck(cluster)
  registerClusterRenew(cluster)
  registerClusterRevoke(cluster)
  registerClusterStatus(cluster)
}
