import { checkTeacher } from '../../agents/kit/teacher/check.ts'
import { layout } from '../../bus/mod.ts'
import { codeVersion, workVersion } from '../../launcher/code-version.ts'
import { askedBy, checkKeys } from '../../launcher/topology/endpoints.ts'
import { modelsOf } from '../../launcher/topology/models.ts'
import { boundTopology } from '../../launcher/topology/topology-of-run.ts'
import { markOf, studentOf, type WantedAgent, type WantedAgents } from '../../launcher/wanted-agents.ts'
import { localAddress } from '../../schemas/queue.ts'
import { type AgentRole, needsContaminationKey } from '../../schemas/role.ts'
import { Topology } from '../../schemas/topology.ts'
import { PayingRole } from '../../schemas/usage.ts'
import { fixOf, reasonOf, UsageError } from '../../schemas/user-error.ts'

/** Why a node cannot work for a run, as a whole or with one role, and what a person does. */
export type Misfit = { what: string; fix: string }

type Environment = Readonly<Record<string, string | undefined>>

/** What a node has that a run must have, too. */
export type HostFacts = {
  cluster: string
  /** Roles that it runs. */
  roles: readonly AgentRole[]
  /** Where a role needs one. */
  contaminationKey: string | undefined
}

/**
 * `servers`: what the servers call their cluster; null where they do not say it.
 * @throws UsageError for a join file of another cluster
 */
export function checkSameCluster(file: string, { cluster }: { cluster: string }, servers: string | null): void {
  if (servers === null || servers === cluster) return
  throw new UsageError(
    `${file} is of the cluster ${cluster}, and the servers that answer are of the cluster ${servers}.`,
    ownFile,
  )
}

const ownFile = 'Bring the join file here that was written for this cluster: npx syllabus cluster node.'

/**
 * `offsetMs`: how far the servers' clock is ahead of this one.
 * @throws UsageError
 */
export function checkClock(offsetMs: number, most: number): void {
  if (Math.abs(offsetMs) <= most) return
  const seconds = (Math.abs(offsetMs) / 1000).toFixed(1)
  throw new UsageError(
    `The clock of this host is ${seconds} s ${offsetMs > 0 ? 'behind' : 'ahead of'} that of the NATS servers; ${most / 1000} s are allowed (bus.clockOffsetMs).`,
    'Set it by NTP here and on the servers (timedatectl set-ntp true), then start the node again.',
  )
}

/** What of the whole run does not fit this node. */
export function faultsOfRun(wanted: WantedAgents, { cluster, roles, contaminationKey }: HostFacts): Misfit[] {
  const { name, code, work } = wanted
  if (wanted.cluster !== null && wanted.cluster !== cluster) {
    const what = `The join file is of the cluster ${cluster}, and run ${name} goes on in the cluster ${wanted.cluster}.`
    return [{ what, fix: ownFile }]
  }
  if (wanted.layout !== layout.version || (code !== codeVersion() && work !== workVersion())) {
    const what =
      `Run ${name} works with Syllabus ${code} (layout ${wanted.layout} of messages and values, work version ${work ?? 'none'}), and ` +
      `this node has ${codeVersion()} (layout ${layout.version}, work version ${workVersion()}).`
    const fix = 'Bring the same code here, or go on with the run from a host with this code: npx syllabus resume.'
    return [{ what, fix }]
  }
  const checks = roles.filter(needsContaminationKey)
  if (checks.length === 0 || wanted.keyMark === null || wanted.keyMark === markOf(contaminationKey ?? '')) return []
  const what = `The key of the contamination index of this node is not that of run ${name}.`
  return [{ what, fix: "Write the join file again, with the key of the operator's host." }]
}

/** What an operator is shown where a node works for a run of other code, as while hosts are upgraded one after the other; else null. */
export const noteOn = ({ name, code }: WantedAgents): string | null =>
  code === codeVersion()
    ? null
    : `run ${name} works with Syllabus ${code}, and this node has ${codeVersion()}; both make the same rows. Bring all hosts to one code.`

/** The topologies of a run, once its code is known to fit this one. @throws UsageError */
export function topologiesOf({ name, topologies }: WantedAgents): Topology[] {
  return topologies.map((written) => {
    const { data, error } = Topology.safeParse(written)
    if (data) return data
    const where = error.issues[0]?.path.join('.')
    throw new UsageError(`The topology of run ${name} cannot be read: ${where}.`, 'Start the run again.')
  })
}

/**
 * The topology of an agent with its model's address as the run has it, once the endpoint has answered with this node's key; nothing is
 * paid.
 * @throws UsageError or TeacherUnusable
 */
export async function withEndpoint(
  { role, topology }: WantedAgent,
  { name, addresses }: WantedAgents,
  env: Environment = process.env,
): Promise<Topology> {
  const { data: payer } = PayingRole.safeParse(role)
  const address = payer && addresses[payer]
  const asks = askedBy(topology, env).find((each) => each.role === role)
  if (!payer || address === undefined || !asks) return topology
  if (address === localAddress) {
    throw new UsageError(
      `The ${role} of run ${name} asks a model that --teacher local serves, which only the host of its command reaches.`,
      'Start the run with an endpoint that every host reaches, or leave this role out here.',
    )
  }
  const { keyName, endpoint, isUsual } = asks
  if (keyName !== null && endpoint.apiKey === '' && topology.agents[role].options.apiKeyEnv !== undefined) {
    throw new UsageError(
      `The ${role} of run ${name} asks ${address} with the key in ${keyName}, and that is not set here.`,
      `Set ${keyName} where this node is started.`,
    )
  }
  const bound = (() => {
    try {
      return boundTopology(
        topology,
        { runId: name, models: modelsOf(topology), addresses: { [payer]: address } },
        { env },
      )
    } catch (error) {
      if (!isUsual) throw error
      throw new UsageError(
        `The ${role} of run ${name} asks at ${address}, and the key of this node is for ${endpoint.baseUrl}.`,
        `Set OPENAI_BASE_URL=${address}, and OPENAI_API_KEY to the key of that endpoint, where this node is started.`,
      )
    }
  })()
  const asked = askedBy(bound, env).filter((each) => each.role === role)
  checkKeys(asked)
  for (const each of asked) await checkTeacher(each.endpoint, each.model ?? '', topology.teacher.checkMs)
  return bound
}

/** Whether a student here is the run's: as its command has it, or as other nodes that are up do. @throws UsageError */
export function checkSameStudent(
  hash: string,
  topology: Topology,
  { name, studentHash }: WantedAgents,
  elsewhere: readonly { node: string; students: Readonly<Record<string, string>> }[],
): void {
  const choice = studentOf(topology)
  const others = elsewhere.flatMap(({ node, students }) => {
    const other = students[choice]
    return other === undefined ? [] : [{ whose: `of the node ${node}`, hash: other }]
  })
  const known = [...(studentHash === null ? [] : [{ whose: `of run ${name}`, hash: studentHash }]), ...others]
  const other = known.find((each) => each.hash !== hash)
  if (!other) return
  throw new UsageError(
    `The student "${choice}" is another one here (${hash.slice(0, 12)}…) than that ${other.whose} (${other.hash.slice(0, 12)}…).`,
    'Bring the same files here; a name of the hub is the same everywhere with a revision: org/model@revision.',
  )
}

export const faultOf = (error: unknown): Misfit => ({ what: reasonOf(error), fix: fixOf(error) ?? 'See the reason.' })
