import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ComparisonPlan } from '../../evidence/report/comparison/plan.ts'
import { runsFolder } from '../../machine/home.ts'
import { readState, writeWhole } from '../../machine/state-file.ts'
import { UsageError } from '../../schemas/user-error.ts'

export const comparisonFolder = (name: string): string => join(runsFolder(), name)

const sayable = (value: unknown) => JSON.stringify(value)

/**
 * Writes a plan into its comparison's folder, before the first run. Errors: UsageError when another plan of that name is there: a
 * comparison that is changed once results are known is none.
 */
export async function keepPlan(plan: ComparisonPlan): Promise<void> {
  const folder = comparisonFolder(plan.name)
  const path = join(folder, 'plan.json')
  const kept = await readState(path, ComparisonPlan, 'Choose another --name, or remove that folder.')
  if (!kept) {
    await mkdir(folder, { recursive: true })
    return writeWhole(path, `${JSON.stringify(plan, null, 2)}\n`)
  }
  const other = (Object.keys(plan) as (keyof ComparisonPlan)[]).find((key) => sayable(kept[key]) !== sayable(plan[key]))
  if (!other) return
  throw new UsageError(
    `The comparison ${plan.name} was begun with ${other} ${sayable(kept[other])}, and this command says ${sayable(plan[other])}.`,
    'Give the command that it was begun with, to go on with it; or choose another --name.',
  )
}
