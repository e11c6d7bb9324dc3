import { type Endpoint, endpointOf, hostOf } from '../agents/kit/teacher/options.ts'
import { EndpointOptions } from '../schemas/endpoint.ts'
import type { AgentRole } from '../schemas/role.ts'
import type { Topology } from '../schemas/topology.ts'
import { PayingRole } from '../schemas/usage.ts'
import { asksModel } from '../schemas/variants.ts'
import { UsageError } from './errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A role whose variant asks a model, the model, and where. */
export type Asked = { role: PayingRole; model: string | null; endpoint: Required<Endpoint>; keyName: string | null }

/** The roles of a topology that ask a model, in their order. */
export function askedBy({ agents }: Topology, env: Environment): Asked[] {
  return PayingRole.options.flatMap((role) => {
    const { variant, options } = agents[role]
    if (!asksModel(variant)) return []
    const where = EndpointOptions.parse(options)
    const model = typeof options.model === 'string' ? options.model : null
    return [{ role, model, endpoint: endpointOf(where, env, role), keyName: where.apiKeyEnv }]
  })
}

/** Errors: UsageError when the key of one variable would go to two endpoints: it is a secret that one of them must not learn. */
export function checkKeys(asked: readonly Asked[]): void {
  const withKey = asked.filter(({ endpoint }) => endpoint.apiKey !== '')
  for (const [name, sharing] of Map.groupBy(withKey, ({ keyName }) => keyName!)) {
    const [one, other] = [sharing[0]!, sharing.find((each) => originOf(each) !== originOf(sharing[0]!))]
    if (!other) continue
    const mend =
      `Name each one's own variable, for example agents.${other.role}.options.apiKeyEnv: ${other.role.toUpperCase()}_API_KEY; ` +
      'null where the endpoint wants no key.'
    const [here, there] = [one, other].map(({ role, endpoint }) => `${hostOf(endpoint)} (${role})`)
    throw new UsageError(`The key in ${name} would go to ${here} and to ${there}.`, mend)
  }
}

const originOf = ({ endpoint }: Asked) => URL.parse(endpoint.baseUrl)?.origin

/** The variables with keys of some topologies' agents that are not for this one; OPENAI_API_KEY is always one of them. */
export function keysWithheld(role: AgentRole, own: Topology, all: readonly Topology[]): string[] {
  const nameOf = ({ agents }: Topology, of: AgentRole) => EndpointOptions.parse(agents[of].options).apiKeyEnv
  const named = all.flatMap((topology) => PayingRole.options.flatMap((each) => nameOf(topology, each) ?? []))
  const given = asksModel(own.agents[role].variant) ? nameOf(own, role) : null
  return [...new Set(['OPENAI_API_KEY', ...named])].filter((name) => name !== given)
}
