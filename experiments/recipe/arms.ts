import { laidOver } from '../../launcher/topology/topology-file.ts'
import { RecipeArm, type RecipeFile } from '../../schemas/recipe.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { inLines, parseWithFaults } from '../../schemas/validation-errors.ts'

/** An arm by its name, and the labels it is selected by: its choices, or of an arm that a recipe adds, its name alone. */
export type NamedArm = { name: string; labels: readonly string[]; arm: RecipeArm }

/** One choice of every group, in the order of the groups. */
const combinations = (groups: readonly (readonly string[])[]): string[][] =>
  groups.reduce<string[][]>((sets, group) => sets.flatMap((set) => group.map((choice) => [...set, choice])), [[]])

/**
 * Every arm of a recipe.
 * @throws UsageError for an arm that lacks something, or that names a choice that there is not
 */
export function armsOf(recipe: RecipeFile): NamedArm[] {
  const groups = Object.values(recipe.choices).map((group) => Object.keys(group))
  const combined = combinations(groups).map((choices) => {
    const name = choices.join('-') || recipe.name
    return { name, labels: choices, arm: layered(recipe, name, choices) }
  })
  const added = Object.entries(recipe.arms).map(([name, { of, settings }]) => {
    const strange = of.find((choice) => !groups.flat().includes(choice))
    if (strange !== undefined) throw noChoice(recipe, `The arm "${name}" is made of "${strange}", which is no choice`)
    const choices = groups.map((group) => pick(recipe, name, group, of))
    return { name, labels: [name], arm: layered(recipe, name, choices, settings) }
  })
  return [...combined, ...added]
}

function pick(recipe: RecipeFile, name: string, group: readonly string[], of: readonly string[]): string {
  const chosen = of.filter((choice) => group.includes(choice))
  if (chosen.length === 1) return chosen[0]!
  const what = chosen.length === 0 ? `none of ${group.join(', ')}` : chosen.join(' and ')
  throw new UsageError(`The arm "${name}" of recipe ${recipe.name} is made of ${what}.`, 'Name exactly one in "of".')
}

function layered(recipe: RecipeFile, name: string, choices: readonly string[], over: unknown = {}): RecipeArm {
  const layers = Object.values(recipe.choices).map((group, place) => group[choices[place]!])
  const parsed = parseWithFaults(RecipeArm, [...layers, over].reduce(laidOver, recipe.settings))
  if ('value' in parsed) return parsed.value
  throw new UsageError(
    `The arm "${name}" of recipe ${recipe.name} is not valid:\n${inLines(parsed.faults, 'all of it').join('\n')}`,
    'docs/recipes.md says what an arm holds.',
  )
}

/**
 * The arms that have every choice named; all arms where none is named.
 * @throws UsageError that says what there is
 */
export function selectArms(recipe: RecipeFile, asked: readonly string[]): NamedArm[] {
  const arms = armsOf(recipe)
  const strange = asked.find((name) => !arms.some((arm) => arm.name === name || arm.labels.includes(name)))
  if (strange !== undefined) throw noChoice(recipe, `There is no arm "${strange}"`)
  const chosen = arms.filter(({ name, labels }) => asked.every((each) => each === name || labels.includes(each)))
  if (chosen.length > 0) return chosen
  throw noChoice(recipe, `No arm is ${asked.join(' and ')}`)
}

const noChoice = ({ name, choices, arms }: RecipeFile, what: string) => {
  const groups = Object.entries(choices).map(([group, each]) => `${group} (${Object.keys(each).join(' | ')})`)
  return new UsageError(`${what} in recipe ${name}.`, `There is ${[...groups, ...Object.keys(arms)].join(', ')}.`)
}
