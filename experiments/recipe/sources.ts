import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { laidOver } from '../../launcher/topology/topology-file.ts'
import { RecipeFile, type RecipeTask } from '../../schemas/recipe.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { inLines, parseWithFaults } from '../../schemas/validation-errors.ts'
import { readNamedFile, readYamlText } from '../../tasks/files/read-named-file.ts'
import type { NamedArm } from './arms.ts'

/** Files and folders of the user, by the names that a recipe gives them. */
export type Sources = Readonly<Record<string, string>>

/** `--source <name>=<path>`, given once for each. */
export function source(text: string, before: Sources = {}): Sources {
  const [, name, path] = /^([a-z0-9-]+)=(.+)$/.exec(text) ?? []
  if (!name || !path) throw new InvalidArgumentError('<name>=<path> is wanted.')
  return { ...before, [name]: resolve(path) }
}

const namesOf = ({ source: own, seeds, reference }: RecipeTask) =>
  [own, seeds?.source, reference].flat().flatMap((name) => name ?? [])

/** @throws UsageError for a source that an arm needs and nobody named, one that is not there, and one that no arm knows */
export function checkSources(arms: readonly NamedArm[], sources: Sources): void {
  const known = new Set(arms.flatMap(({ arm }) => namesOf(arm.task)))
  for (const { name, arm } of arms) {
    const missing = namesOf(arm.task).find((each) => !(each in sources))
    if (missing === undefined) continue
    throw new UsageError(
      `The arm ${name} needs your copy of "${missing}".`,
      `Give --source ${missing}=<path>; docs/recipes.md says what each of them is.`,
    )
  }
  for (const [name, path] of Object.entries(sources)) {
    if (!known.has(name))
      throw new UsageError(`No arm that is run takes a source "${name}".`, `There is ${[...known].join(', ')}.`)
    if (!existsSync(path)) throw new UsageError(`There is no ${path}.`, `Correct --source ${name}=<path>.`)
  }
}

/**
 * Reads a recipe with all it extends.
 * @throws UsageError that names the file and the place in it
 */
export async function readRecipe(path: string): Promise<RecipeFile> {
  const parsed = parseWithFaults(RecipeFile, await readLayers(resolve(path), []))
  if ('value' in parsed) return parsed.value
  throw new UsageError(
    `The recipe ${path} is not valid:\n${inLines(parsed.faults, 'the file').join('\n')}`,
    'docs/recipes.md says what a recipe holds.',
  )
}

async function readLayers(path: string, below: readonly string[]): Promise<unknown> {
  if (below.includes(path))
    throw new UsageError(`The recipe ${path} extends itself.`, 'Take that line out of one of them.')
  const text = await readNamedFile(path, 'recipe file', 'Name an existing one, as in deploy/recipes.')
  const written = parseYaml(text, path)
  const { extends: base, topology } = written
  // Paths are relative to the file that says them.
  const own = typeof topology === 'string' ? { ...written, topology: resolve(dirname(path), topology) } : written
  if (typeof base !== 'string') return own
  return laidOver(await readLayers(resolve(dirname(path), base), [...below, path]), own)
}

function parseYaml(text: string, path: string): Record<string, unknown> {
  const value = readYamlText(text, path, 'recipe')
  if (value !== null && typeof value === 'object') return value as Record<string, unknown>
  throw new UsageError(`The recipe ${path} holds no mapping.`, 'docs/recipes.md says what a recipe holds.')
}
