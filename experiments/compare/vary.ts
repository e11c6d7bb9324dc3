import { dirname, relative, resolve, sep } from 'node:path'
import { isReference, referenceOf } from '../../launcher/plugin/reference.ts'
import { laidOver } from '../../launcher/topology/topology-file.ts'
import { isObject } from '../../schemas/bounded-json.ts'
import { AgentRole } from '../../schemas/role.ts'
import { reasonOf, UsageError } from '../../schemas/user-error.ts'
import { parseYaml } from '../../tasks/files/bounded-yaml.ts'

/** What an arm has at one place of the topology. A variant's value is its name, its path, or a mapping with its options. */
export type VariedSetting = { path: readonly string[]; value: unknown }

/** One `--vary`: a place of the topology, and what the arms have there. */
export type Vary = { path: readonly string[]; values: readonly unknown[] }

const example = 'Write a place of the topology and its values: --vary generator=llm,./mine.ts'
const places = `${AgentRole.options.join(', ')}, each also with .options.<name>, .replicas or .slots; run.<field>; teacher.<field>`

/**
 * Reads `generator=llm,./mine.ts`, `planner.options.temperature=0.2,1.0`, `run.rows=100,200`.
 * @throws UsageError for a text that is no such thing, and for values that are fewer than two or equal
 */
export function parseVary(text: string): Vary {
  const bad = (what: string, fix = example) => new UsageError(`--vary ${text}: ${what}.`, `${fix}.`)
  const [, name = '', list = ''] = /^\s*([^=]*?)\s*=(.*)$/s.exec(text) ?? []
  if (name === '' || list.trim() === '') throw bad(name === '' ? 'it names no place' : 'it names no values')
  const path = pathOf(name)
  if (!path) throw bad(`there is no place "${name}" that arms can differ in`, `There are ${places}`)
  const values = valuesIn(path, list, bad)
  if (values.length < 2) throw bad('one value is nothing to compare with', 'Give two values or more, with commas')
  const texts = values.map((value) => JSON.stringify(value))
  const twice = texts.find((each, at) => texts.indexOf(each) < at)
  if (twice) throw bad(`${twice} is there twice`, 'Give each value once')
  return { path, values }
}

function pathOf(name: string): string[] | null {
  const [first = '', ...rest] = name.replace(/^agents\./, '').split('.')
  if (rest.includes('')) return null
  if (AgentRole.safeParse(first).success) {
    if (rest.length === 0) return ['agents', first, 'variant']
    const known = rest[0] === 'options' ? rest.length > 1 : ['variant', 'replicas', 'slots'].includes(rest[0]!)
    return known ? ['agents', first, ...rest] : null
  }
  return ['run', 'teacher'].includes(first) && rest.length > 0 ? [first, ...rest] : null
}

function valuesIn(path: readonly string[], list: string, bad: (what: string, fix?: string) => UsageError): unknown[] {
  // A path or a package may begin with what is a mark of YAML: @me/agents.
  if (isVariant(path) && !list.includes('{')) {
    const names = list.split(',').map((each) => each.trim())
    if (names.includes('')) throw bad('there is nothing between two commas', 'Give each value once')
    return names
  }
  try {
    const values = parseYaml(`[${list}\n]`)
    if (Array.isArray(values)) return values
  } catch (error) {
    throw bad(`its values cannot be read: ${reasonOf(error)}`, 'Write them as YAML has them, with commas')
  }
  throw bad('its values are no list')
}

export const isVariant = (path: readonly string[]): boolean => path[0] === 'agents' && path[2] === 'variant'

/**
 * What each arm has: one --vary gives an arm for each of its values, several give all combinations.
 * @throws UsageError for several, unless their product is asked for
 */
export function armsOfVary(varies: readonly Vary[], product: boolean): VariedSetting[][] {
  if (varies.length > 1 && !product) {
    const count = varies.reduce((all, { values }) => all * values.length, 1)
    throw new UsageError(
      `${varies.length} --vary are given, and their combinations are ${count} arms.`,
      'Add --product if all of them are wanted; or give one --vary, and write the rest into a topology of your own.',
    )
  }
  const names = varies.map(({ path }) => path.join('.'))
  const twice = names.find((name, at) => names.indexOf(name) < at)
  if (twice) throw new UsageError(`--vary names ${twice} twice.`, 'Give all its values in one --vary, with commas.')
  return varies.reduce<VariedSetting[][]>(
    (arms, { path, values }) => arms.flatMap((arm) => values.map((value) => [...arm, { path, value }])),
    [[]],
  )
}

/** An arm's settings as parts of a topology file that lies at `file`; paths of variants are those of the command's folder. */
export function topologyParts(settings: readonly VariedSetting[], file: string): Record<string, unknown> {
  const parts = settings.map(({ path, value }) => {
    if (!isVariant(path)) return nested(path, value)
    const agent = isObject(value) ? value : { variant: value }
    const variant = typeof agent.variant === 'string' ? fromFile(agent.variant, file) : agent.variant
    return nested(path.slice(0, 2), { ...agent, variant })
  })
  return parts.reduce<Record<string, unknown>>((all, part) => laidOver(all, part) as Record<string, unknown>, {})
}

const nested = (path: readonly string[], value: unknown): unknown =>
  path.reduceRight((inner, name) => ({ [name]: inner }), value)

/** A path from the command's folder as one from the folder of the topology file. */
function fromFile(variant: string, file: string): string {
  if (!isReference(variant)) return variant
  const reference = referenceOf(variant, process.cwd())
  if (!('file' in reference)) return variant
  const path = relative(dirname(resolve(file)), reference.file)
    .split(sep)
    .join('/')
  const written = path.startsWith('.') ? path : `./${path}`
  return reference.language === 'python' ? `python:${written}` : written
}

/** Names for arms of these texts, which runs can have: each once. */
export function distinctArmNames(texts: readonly string[]): string[] {
  const taken = new Set<string>()
  return texts.map((text) => {
    const plain = text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
    const short = plain.slice(0, longestName).replace(/-$/, '') || 'arm'
    let name = short
    for (let number = 2; taken.has(name); number++) name = `${short}-${number}`
    taken.add(name)
    return name
  })
}

/** Characters of an arm's name at most: a run's name has the comparison's before it. */
const longestName = 24
