import { isObject } from '../../schemas/bounded-json.ts'
import { type AgentRole, agentRoles } from '../../schemas/role.ts'
import { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { inLines, parseWithFaults } from '../../schemas/validation-errors.ts'
import { variantsOf } from '../../schemas/variants.ts'
import { readNamedFile, readYamlText } from '../../tasks/files/read-named-file.ts'
import { joinedCopies } from '../joined-cluster.ts'
import { withPlugins } from '../plugin/resolve.ts'
import { withHostNames, withPaperNames } from './paper-names.ts'
import { topologyNames } from './topology-names.ts'

/** What a recipe lays over a topology file: parts of a topology, then settings by the paper's names. */
export type TopologyChanges = { over?: unknown; limits?: Readonly<Record<string, string>> }

/**
 * Reads and checks a topology, with what is laid over it and the paper's settings from the environment.
 * @throws UsageError that names the file, the place in it, and what there is instead
 */
export async function readTopology(path: string, { over = {}, limits = {} }: TopologyChanges = {}): Promise<Topology> {
  const written = laidOver(withJoinedCopies(await readTopologyText(path)), over)
  const parsed = parseWithFaults(Topology, await withPlugins(written, path))
  if ('value' in parsed)
    return withHostNames(withPaperNames(withPaperNames(parsed.value, limits), process.env), process.env)
  throw new UsageError(
    `The topology ${path} is not valid:\n${inLines(parsed.faults, 'the file').join('\n')}`,
    `The roles are ${agentRoles.join(', ')}; their variants: ${describeVariants()}.`,
  )
}

/**
 * What a topology file holds, not yet checked.
 * @throws UsageError
 */
export async function readTopologyText(path: string): Promise<unknown> {
  const missing = `Name a file, or one of these: ${topologyNames().join(', ')}.`
  return readYamlText(await readNamedFile(path, 'topology file', missing), path, 'topology')
}

/** The vault's copies are set when it is made: a topology that does not say how many would leave it with one for good. */
function withJoinedCopies(written: unknown): unknown {
  const copies = joinedCopies()
  return copies === undefined ? written : laidOver({ storage: { copies } }, written)
}

const describeVariants = () =>
  agentRoles.map((role: AgentRole) => `${role} (${variantsOf[role].join(' | ')})`).join(', ')

/** A value with another laid over it: mappings key by key, anything else is replaced. */
export function laidOver(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over
  const merged = { ...base }
  for (const [key, value] of Object.entries(over)) merged[key] = key in base ? laidOver(base[key], value) : value
  return merged
}
