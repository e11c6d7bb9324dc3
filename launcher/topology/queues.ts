import { boundBy, localAddress, queueOf, queuesOf } from '../../schemas/queue.ts'
import { agentRoles } from '../../schemas/role.ts'
import type { RunConfig, Variants } from '../../schemas/run.ts'
import { ownRuntime } from '../../schemas/runtime-identity.ts'
import type { Topology } from '../../schemas/topology.ts'
import { BridgeOptions } from '../../trainer-bridge/options.ts'
import { askedBy } from './endpoints.ts'
import { variantsIn } from './models.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Set by a command for itself, where OPENAI_BASE_URL is the address of a model that it, or the session that it joins, serves. */
const localVariable = 'SYLLABUS_SERVES_LOCALLY'

/** The environment of a command that serves a model itself. */
export const servingLocally = (env: Environment): Environment => ({ ...env, [localVariable]: '1' })

/** The address of the model that this command serves; null where it serves none. */
export const servedAddress = (env: Environment): string | null =>
  (env[localVariable] ? env.OPENAI_BASE_URL : undefined) ?? null

/** Has this process call the model that a session serves by the same name. */
export function knowLocal(session: { local?: string | null | undefined } | null): void {
  if (session?.local && session.local === process.env.OPENAI_BASE_URL) process.env[localVariable] = '1'
}

/** What a run says of who alone does its work. */
export type Binding = Required<Pick<RunConfig, 'addresses' | 'student' | 'queues'>>

/** What a student is called wherever it lies: the last part of its folder or of its name on the hub. */
export const studentNameOf = (choice: string): string => choice.split('/').filter(Boolean).at(-1) ?? choice

/**
 * Who alone does the work of a topology's runs: agents that ask the same model at the same address, and train the same student with the
 * same runtimes. `own` names the run, or the set of runs, whose command starts these agents: what it pays for is then kept from all others.
 * A role without replicas has its agents elsewhere.
 * @throws TeacherUnusable for an address that is none
 */
export function boundTo(topology: Topology, env: Environment, own?: string): Binding {
  const asked = askedBy(topology, env).flatMap(({ role, model, endpoint, isUsual }) => {
    const address = isUsual && env[localVariable] ? localAddress : endpoint.baseUrl
    const { variant, replicas, plugin } = topology.agents[role]
    const whose = own !== undefined && replicas > 0 ? [own] : []
    return model === null
      ? []
      : [{ role, address, queue: queueOf(variant, ...boundBy(plugin, model, address, ...whose)) }]
  })
  const { variant, options } = topology.agents['trainer-bridge']
  const { data: student = 'embedded' } = BridgeOptions.shape.student.safeParse(options.student)
  const runtimes = [options.train, options.infer].map((name) => (typeof name === 'string' ? name : ownRuntime))
  const named = runtimes.some((name) => name !== ownRuntime) ? runtimes : []
  // The student and the runtime that come with the project are every bridge's that says nothing else.
  const what = student === 'embedded' && named.length === 0 ? [] : [studentNameOf(student), ...named]
  const trained = what.length === 0 ? {} : { 'trainer-bridge': queueOf(variant, ...what) }
  return {
    addresses: Object.fromEntries(asked.map(({ role, address }) => [role, address])),
    student,
    queues: {
      ...queuesOfPlugins(topology),
      ...Object.fromEntries(asked.map(({ role, queue }) => [role, queue])),
      ...trained,
    },
  }
}

/** Code that is not built in has a queue of its own: other code of the same name is never given its work. */
const queuesOfPlugins = ({ agents }: Topology): Binding['queues'] =>
  Object.fromEntries(
    agentRoles.flatMap((role) => {
      const { variant, plugin } = agents[role]
      return plugin ? [[role, queueOf(variant, ...boundBy(plugin))]] : []
    }),
  )

/** The queue of each role of a topology. @throws TeacherUnusable */
export const queuesIn = (topology: Topology, env: Environment, own?: string): Variants =>
  queuesOf({ variants: variantsIn(topology), queues: boundTo(topology, env, own).queues })
