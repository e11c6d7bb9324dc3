import { z } from 'zod'
import { type Endpoint, endpointOf, hostOf } from '../../agents/kit/teacher/options.ts'
import { EmbeddingEndpoint } from '../../schemas/embedding.ts'
import { EndpointOptions } from '../../schemas/endpoint.ts'
import type { AgentRole } from '../../schemas/role.ts'
import type { Topology } from '../../schemas/topology.ts'
import { PayingRole } from '../../schemas/usage.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { asksModel } from '../../schemas/variants.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Who asks an endpoint, where a topology says so, and which variable holds the key. */
export type EndpointUse = { role: AgentRole; at: string; endpoint: Required<Endpoint>; keyName: string | null }

/** A role whose variant asks a model, and the model; `isUsual`: the topology says no address. */
export type ModelUse = EndpointUse & { role: PayingRole; model: string | null; isUsual: boolean }

/** The roles of a topology that ask a model, in their order. */
export function askedBy({ agents }: Topology, env: Environment): ModelUse[] {
  return PayingRole.options.flatMap((role) => {
    const { options } = agents[role]
    if (!asksModel(agents[role])) return []
    const where = EndpointOptions.parse(options)
    const model = typeof options.model === 'string' ? options.model : null
    const at = `agents.${role}.options`
    const isUsual = where.baseUrl === undefined
    return [{ role, at, model, isUsual, endpoint: endpointOf(where, env, at), keyName: where.apiKeyEnv }]
  })
}

/** The embedder of a topology's trainer-bridge, where it is one over HTTP whose options hold. */
export function embedderAsked({ agents }: Topology, env: Environment): (EndpointUse & { model: string })[] {
  const { data } = EmbeddingEndpoint.safeParse(agents['trainer-bridge'].options.embedder)
  const at = 'agents.trainer-bridge.options.embedder'
  if (!data) return []
  const endpoint = endpointOf(data, env, at)
  return [{ role: 'trainer-bridge', at, model: data.model, endpoint, keyName: data.apiKeyEnv }]
}

/** The server that answers in place of the project's own runtime, where a topology names one and its options hold. */
export function answerServerAsked({ agents }: Topology, env: Environment): EndpointUse[] {
  const { infer } = agents['trainer-bridge'].options
  const name = infer === 'endpoint' || infer === 'vllm' ? infer : null
  if (name === null) return []
  const { data } = AnswerServerOptions.safeParse(agents['trainer-bridge'].options[name])
  if (!data) return []
  const at = `agents.trainer-bridge.options.${name}`
  // A vLLM of somebody else wants no key where none is named.
  const apiKeyEnv = data.apiKeyEnv === undefined ? (name === 'vllm' ? null : 'OPENAI_API_KEY') : data.apiKeyEnv
  return [{ role: 'trainer-bridge', at, endpoint: endpointOf({ ...data, apiKeyEnv }, env, at), keyName: apiKeyEnv }]
}

const AnswerServerOptions = z.object({
  baseUrl: EndpointOptions.shape.baseUrl.unwrap(),
  apiKeyEnv: EndpointOptions.shape.apiKeyEnv.unwrap().optional(),
})

/** @throws UsageError when the key of one variable would go to two endpoints: it is a secret that one of them must not learn */
export function checkKeys(asked: readonly EndpointUse[]): void {
  const withKey = asked.filter(({ endpoint }) => endpoint.apiKey !== '')
  for (const [name, sharing] of Map.groupBy(withKey, ({ keyName }) => keyName!)) {
    const [one, other] = [sharing[0]!, sharing.find((each) => originOf(each) !== originOf(sharing[0]!))]
    if (!other) continue
    const fix =
      `Name each one's own variable, for example ${other.at}.apiKeyEnv: ${other.role.toUpperCase().replaceAll('-', '_')}_API_KEY; ` +
      'null where the endpoint wants no key.'
    const [here, there] = [one, other].map(({ role, endpoint }) => `${hostOf(endpoint)} (${role})`)
    throw new UsageError(`The key in ${name} would go to ${here} and to ${there}.`, fix)
  }
}

const originOf = ({ endpoint }: EndpointUse) => URL.parse(endpoint.baseUrl)?.origin

/** The variables with keys of some topologies' agents that are not for this one; OPENAI_API_KEY is always one of them. */
export function keysWithheld(role: AgentRole, own: Topology, all: readonly Topology[]): string[] {
  const nameOf = ({ agents }: Topology, of: AgentRole) => EndpointOptions.parse(agents[of].options).apiKeyEnv
  const ofBridge = (topology: Topology) =>
    [...embedderAsked(topology, {}), ...answerServerAsked(topology, {})].flatMap(({ keyName }) => keyName ?? [])
  const named = all.flatMap((topology) => [
    ...PayingRole.options.flatMap((each) => nameOf(topology, each) ?? []),
    ...ofBridge(topology),
  ])
  const asks = asksModel(own.agents[role]) ? nameOf(own, role) : null
  const given = role === 'trainer-bridge' ? ofBridge(own) : [asks]
  return [...new Set(['OPENAI_API_KEY', ...named])].filter((name) => !given.includes(name))
}
