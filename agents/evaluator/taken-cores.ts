import type { ObjectRef } from '../../schemas/ids.ts'
import type { Row } from '../../schemas/row.ts'
import type { Task } from '../../schemas/task.ts'

/** The problems that an audit must not ask: those of validation, of the test and of every row trained on. */
export async function takenCores(
  { validation, test }: Task,
  datasets: readonly ObjectRef[],
  getRows: (dataset: ObjectRef) => Promise<readonly Row[]>,
): Promise<Set<string>> {
  const taken = new Set([...validation, ...test].map(({ coreKey }) => coreKey))
  for (const dataset of datasets)
    for (const { origin } of await getRows(dataset)) if (origin.coreKey) taken.add(origin.coreKey)
  return taken
}
