import { basename } from 'node:path'
import type { ArmChanges, ArmName, PlannerArm } from '../../evidence/report/comparison/plan.ts'
import type { LocalModel } from '../../launcher/local-teacher.ts'
import { pluginsIn } from '../../launcher/topology/models.ts'
import { withOverrides } from '../../launcher/topology/overrides.ts'
import { laidOver, readTopology } from '../../launcher/topology/topology-file.ts'
import { withModel, withNamedModel } from '../../launcher/topology/with-model.ts'
import { isObject } from '../../schemas/bounded-json.ts'
import { AgentRole } from '../../schemas/role.ts'
import type { AgentsOfRole, Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { asksModel } from '../../schemas/variants.ts'
import { topologyOfArm, usualArms } from './comparison.ts'
import type { CompareOptions } from './options.ts'
import { armsOfVary, distinctArmNames, isVariant, parseVary, topologyParts, type VariedSetting } from './vary.ts'

/** An arm: the topology that its runs have, and, of --vary, what it has in place of the others'. */
export type ComparedArm = { topology: Topology; changes?: ArmChanges }

/** Planners by name: the topology of each. `base`: the topology of the command. */
export function plannerArms(
  base: Topology,
  local: LocalModel | null,
  { arms, model }: Pick<CompareOptions, 'arms' | 'model'>,
): Map<ArmName, ComparedArm> {
  const topology = withNamedModel(base, local, model)
  const named = arms ?? usualArms(topology)
  const of = (arm: PlannerArm) => withModel(topologyOfArm(topology, arm), local?.name ?? model)
  return new Map(named.map((arm) => [arm, { topology: of(arm) }]))
}

/** Options of the command that fix for all arms what --vary names. */
const fixedBy: Readonly<Record<string, string>> = {
  'run.attempts': 'attempts',
  'run.rows': 'rows',
  'run.teacherCalls': 'budget',
  'run.evidence.seeds': 'seeds',
  'agents.trainer-bridge.options.student': 'student',
}

/**
 * The arms that --vary names, each with the topology of the command and its own settings laid over it.
 * @throws UsageError that names the --vary, the place and what there is instead
 */
export async function variedArms(
  base: Topology,
  local: LocalModel | null,
  options: CompareOptions & { vary: readonly string[] },
): Promise<Map<ArmName, ComparedArm>> {
  const { vary, product, topology: file, model } = options
  const varies = vary.map(parseVary)
  for (const { path } of varies) {
    const option = fixedBy[path.join('.')]
    if (option === undefined || options[option as keyof CompareOptions] === undefined) continue
    throw new UsageError(
      `--vary gives ${path.join('.')} to each arm, and --${option} gives one to all.`,
      `Leave one of them out.`,
    )
  }
  const found: { topology: Topology; settings: VariedSetting[] }[] = []
  for (const settings of armsOfVary(varies, product)) {
    const parts = topologyParts(settings, file)
    const read = await readTopology(file, { over: laidOver(ofOtherVariants(base, parts), parts) }).catch(
      (error: unknown) => {
        if (!(error instanceof UsageError)) throw error
        throw new UsageError(`With --vary ${settings.map(textOf).join(' and ')}: ${error.what}`, error.fix)
      },
    )
    const own = withOverrides(withOwnOptions(base, read, parts), options)
    const isAsking = asksModel(own.agents.planner) || asksModel(own.agents.generator)
    const named = local && !isAsking ? own : withNamedModel(own, local, model)
    // A model that is varied is not the one that the command names for all.
    found.push({ topology: laidOver(named, withoutVariants(parts)) as Topology, settings })
  }
  // Says that no arm has use for the teacher.
  if (local && found.every(({ topology: { agents } }) => !asksModel(agents.planner) && !asksModel(agents.generator)))
    withNamedModel(base, local, model)
  const names = distinctArmNames(
    found.map(({ topology, settings }) => settings.map((each) => nameOf(each, topology)).join('-')),
  )
  return new Map(
    found.map(({ topology, settings }, at) => [
      names[at]!,
      { topology, changes: { settings: Object.fromEntries(settings.map(shown)), ...pluginsIn(topology) } },
    ]),
  )
}

const placeOf = ({ path }: VariedSetting): string =>
  isVariant(path) ? path[1]! : path.slice(path[0] === 'agents' ? 1 : 0).join('.')
const valueText = ({ value }: VariedSetting): string => (typeof value === 'string' ? value : JSON.stringify(value))
const textOf = (setting: VariedSetting): string => `${placeOf(setting)}=${valueText(setting)}`
const shown = (setting: VariedSetting): [string, string] => [placeOf(setting), valueText(setting)]

function nameOf({ path, value }: VariedSetting, { agents }: Topology): string {
  if (isVariant(path)) return agents[AgentRole.parse(path[1])].variant
  const text = typeof value === 'string' ? basename(value) : JSON.stringify(value)
  return `${path.at(-1)} ${text}`
}

const agentsOf = ({ agents }: Record<string, unknown>): Record<string, unknown> => (isObject(agents) ? agents : {})

/** The roles that an arm gives another variant. */
const renamed = (base: Topology, parts: Record<string, unknown>): AgentRole[] =>
  AgentRole.options.filter((role) => {
    const part = agentsOf(parts)[role]
    const { variant, plugin } = base.agents[role]
    return isObject(part) && part.variant !== undefined && part.variant !== (plugin?.reference ?? variant)
  })

/** What the topology allows its own plug-in, another one is not allowed by that. */
const ofOtherVariants = (base: Topology, parts: Record<string, unknown>): Record<string, unknown> => ({
  agents: Object.fromEntries(
    renamed(base, parts).map((role) => {
      const { trusted, reads } = base.agents[role]
      return [role, { ...(trusted && { trusted: false }), ...(reads && { reads: [] }) }]
    }),
  ),
})

/** The topology without options that are for the variant of another arm; one that asks a model is told which, and where. */
function withOwnOptions(base: Topology, own: Topology, parts: Record<string, unknown>): Topology {
  const agents = { ...own.agents }
  for (const role of renamed(base, parts)) {
    const part = agentsOf(parts)[role]
    const written = isObject(part) && isObject(part.options) ? part.options : {}
    const options = asksModel(agents[role]) ? modelFor(base, role) : {}
    agents[role] = { ...agents[role], options: { ...options, ...(written as AgentsOfRole['options']) } }
  }
  return { ...own, agents }
}

/** The options of the role's own variant where that asks a model; else another role's model and where it is asked. */
function modelFor({ agents }: Topology, role: AgentRole): AgentsOfRole['options'] {
  if (asksModel(agents[role])) return agents[role].options
  const other = (['generator', 'planner', 'critic'] as const).find((each) => asksModel(agents[each]))
  const options = other ? agents[other].options : {}
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => ['model', 'baseUrl', 'apiKeyEnv'].includes(name)),
  )
}

/** The settings of an arm but for its variants, which are known by their names once they are found. */
function withoutVariants(parts: Record<string, unknown>): Record<string, unknown> {
  const agents = Object.entries(agentsOf(parts)).map(([role, part]) => {
    if (!isObject(part)) return [role, part]
    const { variant: _named, ...rest } = part
    return [role, rest]
  })
  return { ...parts, ...(agents.length > 0 && { agents: Object.fromEntries(agents) }) }
}
