import { z } from 'zod'
import { EvaluatorOptions } from '../../agents/evaluator/options.ts'
import { withDelivery } from '../../schemas/message.ts'
import { registry } from '../../schemas/registry.ts'
import { agentRoles } from '../../schemas/role.ts'
import { Topology } from '../../schemas/topology.ts'
import { asksModel } from '../../schemas/variants.ts'
import { BridgeOptions } from '../../trainer-bridge/options.ts'
import { optionsOf } from './agent-options.ts'
import { withTeacherLimits } from './models.ts'
import { hostNames, paperNames } from './paper-names.ts'
import { laidOver } from './topology-file.ts'
import { withModel } from './with-model.ts'

/** A limit in force: its place in a topology, its value, the value that it has where nobody says one, and who said it. */
export type Limit = { path: string; value: unknown; default: unknown; source: string }

/** Every limit of a topology as read from a file whose content is `written`, and of the messages' delivery policies. */
export function limitsOf(topology: Topology, written: unknown, env: NodeJS.ProcessEnv = process.env): Limit[] {
  const inForce = valuesOf(topology)
  const usual = valuesOf(bareOf(topology))
  const given = flat('', written)
  // What may be left out and then limits nothing is a setting too.
  const silent = settings.filter(
    (path) => ![...inForce.keys()].some((each) => each === path || each.startsWith(`${path}.`)),
  )
  return [...inForce.keys(), ...silent.filter((path) => path !== 'delivery')].map((path) => {
    const name = [...paperNames, ...hostNames].find(
      (each) => each.path.join('.') === path && named(each, topology, env),
    )?.name
    // What nobody said and yet is not the default came from another place of the topology, as `teacher` does for its agents.
    const isOwn = given.has(path) || JSON.stringify(inForce.get(path)) !== JSON.stringify(usual.get(path))
    const source = name ?? (isOwn ? 'topology' : 'default')
    return { path, value: inForce.get(path) ?? null, default: usual.get(path) ?? null, source }
  })
}

const named = ({ name, holds }: (typeof paperNames)[number], topology: Topology, env: NodeJS.ProcessEnv) =>
  env[name] !== undefined && holds?.(topology) !== false

/** The values of a topology by their paths. Lists and what has no keys are values. */
function flat(prefix: string, value: unknown): Map<string, unknown> {
  if (value === undefined) return new Map()
  const isBranch = value !== null && typeof value === 'object' && !Array.isArray(value)
  if (!isBranch || Object.keys(value).length === 0) return new Map(prefix ? [[prefix, value]] : [])
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...flat(prefix ? `${prefix}.${key}` : key, inner)]))
}

function valuesOf(topology: Topology): Map<string, unknown> {
  const { delivery, ...rest } = withOptionDefaults(topology)
  const policies = Object.values(registry).flatMap((message) =>
    message.kind === 'work' ? [...flat(`delivery.${message.name}`, withDelivery(message, delivery).delivery)] : [],
  )
  return new Map([...flat('', rest), ...policies])
}

/** The topology with its variants and models, and nothing else said. */
function bareOf({ name, agents }: Topology): Topology {
  const specs = agentRoles.map((role) => {
    const { variant, options, plugin } = agents[role]
    return [role, { variant, plugin, options: options.model === undefined ? {} : { model: options.model } }] as const
  })
  return Topology.parse({ name, agents: Object.fromEntries(specs) })
}

const schemas = { ...optionsOf, 'trainer-bridge': BridgeOptions }

/** The topology with every option of its agents, those left out with their defaults; options that do not hold stay. */
function withOptionDefaults(written: Topology): Topology {
  // A model that nobody named yet hides no other option.
  const topology = withTeacherLimits(laidOver(withModel(written, 'not named'), written) as Topology)
  const parsed = agentRoles.flatMap((role) => {
    const agent = topology.agents[role]
    const own = role === 'evaluator' && !asksModel(agent) ? EvaluatorOptions : schemas[role]
    const takesNone = role !== 'evaluator' && role in optionsOf && !asksModel(agent)
    return takesNone ? [] : [[role, { options: own.safeParse(agent.options).data ?? agent.options }] as const]
  })
  return laidOver(topology, { agents: Object.fromEntries(parsed) }) as Topology
}

type JsonSchema = { properties?: Record<string, JsonSchema>; readOnly?: boolean }

/** The paths of everything that a document may say; what has no properties of its own is a value. */
const pathsOf = (prefix: string, { properties }: JsonSchema): string[] =>
  properties
    ? Object.entries(properties).flatMap(([key, inner]) =>
        inner.readOnly ? [] : pathsOf(prefix ? `${prefix}.${key}` : key, inner),
      )
    : [prefix]
const documents = [
  ['', Topology],
  ['agents.trainer-bridge.options', BridgeOptions],
  ['agents.evaluator.options', EvaluatorOptions],
] as const
const settings = documents.flatMap(([prefix, schema]) =>
  pathsOf(prefix, z.toJSONSchema(schema, { io: 'input' }) as JsonSchema),
)
