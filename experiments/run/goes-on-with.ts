import { readTopology } from '../../launcher/topology/topology-file.ts'
import { topologyFile, topologyNames } from '../../launcher/topology/topology-names.ts'
import { localAddress } from '../../schemas/queue.ts'
import { agentRoles } from '../../schemas/role.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { Topology } from '../../schemas/topology.ts'
import { resumeAgain } from './command-again.ts'

/** The command that goes on with a run, for whoever no longer knows how it was started. */
export async function goesOnWith(config: RunConfig): Promise<string> {
  const { runId, variants, addresses = {}, generate, comparison } = config
  if (generate) return 'the generate command that began it'
  if (comparison) return `the compare command that began it, with --name ${comparison.name}`
  const files = topologyNames().map(topologyFile)
  const topologies = await Promise.all(files.map(async (file) => ({ file, topology: await readTopology(file) })))
  // The one that differs in the fewest roles; a planner is named on the command line.
  const differing = ({ agents }: Topology) => agentRoles.filter((role) => agents[role].variant !== variants[role])
  const [{ file, topology }] = topologies.toSorted(
    (a, b) => differing(a.topology).length - differing(b.topology).length,
  ) as [(typeof topologies)[number], ...typeof topologies]
  const isLocal = Object.values(addresses).includes(localAddress)
  return resumeAgain({
    topology: file,
    ...(isLocal && { teacher: 'local' }),
    ...(differing(topology).includes('planner') && { planner: variants.planner }),
  })(runId)
}
