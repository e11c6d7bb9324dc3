import { dirname, resolve } from 'node:path'
import { laidOver } from '../../launcher/topology/merge.ts'
import { RecipeFile } from '../../schemas/recipe.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { inLines, parseWithFaults } from '../../schemas/validation-errors.ts'
import { readNamedFile, readYamlText } from '../../tasks/files/read-named-file.ts'

/** Reads a recipe with all it extends. Errors: UsageError that names the file and the place in it. */
export async function readRecipe(path: string): Promise<RecipeFile> {
  const parsed = parseWithFaults(RecipeFile, await readLayers(resolve(path), []))
  if ('value' in parsed) return parsed.value
  throw new UsageError(
    `The recipe ${path} is not valid:\n${inLines(parsed.faults, 'the file').join('\n')}`,
    'docs/recipes.md says what a recipe holds.',
  )
}

async function readLayers(path: string, below: readonly string[]): Promise<unknown> {
  if (below.includes(path)) {
    throw new UsageError(`The recipe ${path} extends itself.`, 'Take that line out of one of them.')
  }
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
