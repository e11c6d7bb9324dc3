import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import type { RecipeTask } from '../../schemas/recipe.ts'
import { UsageError } from '../../schemas/user-error.ts'
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

/** Errors: UsageError for a source that an arm needs and nobody named, one that is not there, and one that no arm knows. */
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
    if (!known.has(name)) {
      throw new UsageError(`No arm that is run takes a source "${name}".`, `There is ${[...known].join(', ')}.`)
    }
    if (!existsSync(path)) throw new UsageError(`There is no ${path}.`, `Correct --source ${name}=<path>.`)
  }
}
