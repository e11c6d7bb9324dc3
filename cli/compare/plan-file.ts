import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import { runsFolder } from '../home.ts'
import { ComparisonPlan } from './plan.ts'

export const comparisonFolder = (name: string): string => join(runsFolder(), name)

const sayable = (value: unknown) => JSON.stringify(value)

/**
 * Writes a plan into its comparison's folder, before the first run. Errors: UsageError when another plan of that name is there: a
 * comparison that is changed once results are known is none.
 */
export async function keepPlan(plan: ComparisonPlan): Promise<void> {
  const folder = comparisonFolder(plan.name)
  const path = join(folder, 'plan.json')
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null) {
    await mkdir(folder, { recursive: true })
    return writeFile(path, `${JSON.stringify(plan, null, 2)}\n`)
  }
  const kept = parsed(text)
  if (!kept)
    throw new UsageError(`${path} is no plan of a comparison.`, 'Choose another --name, or remove that folder.')
  const other = (Object.keys(plan) as (keyof ComparisonPlan)[]).find((key) => sayable(kept[key]) !== sayable(plan[key]))
  if (!other) return
  throw new UsageError(
    `The comparison ${plan.name} was begun with ${other} ${sayable(kept[other])}, and this command says ${sayable(plan[other])}.`,
    'Give the command that it was begun with, to go on with it; or choose another --name.',
  )
}

function parsed(text: string): ComparisonPlan | null {
  try {
    return ComparisonPlan.parse(JSON.parse(text))
  } catch {
    return null
  }
}
