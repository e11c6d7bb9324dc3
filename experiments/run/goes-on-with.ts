import { readTopology } from '../../launcher/topology/topology-file.ts'
import { defaultTopology, topologyFile, topologyNames } from '../../launcher/topology/topology-names.ts'
import { hashOf } from '../../schemas/hash.ts'
import { localAddress } from '../../schemas/queue.ts'
import { agentRoles } from '../../schemas/role.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { plainSearch, searchSettingsOf } from '../../schemas/search.ts'
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
  // Of several, one that searches as the run does, and the one that is taken where none is named.
  const search = hashOf(config.search ?? plainSearch)
  const strange = ({ file, topology }: (typeof topologies)[number]) =>
    10 * differing(topology).length +
    2 * Number(hashOf(searchSettingsOf(topology.run) ?? plainSearch) !== search) +
    Number(file !== defaultTopology)
  const [{ file, topology }] = topologies.toSorted((a, b) => strange(a) - strange(b)) as [
    (typeof topologies)[number],
    ...typeof topologies,
  ]
  const isLocal = Object.values(addresses).includes(localAddress)
  return resumeAgain({
    topology: file,
    ...(isLocal && { teacher: 'local' }),
    ...(differing(topology).includes('planner') && { planner: variants.planner }),
  })(runId)
}
