import { fileURLToPath } from 'node:url'
import type { PublicTask } from '../schemas/task.ts'
import type { Procedure } from './procedure.ts'
import { sourceHash } from './source-hash.ts'

/** The procedures there are, by the folder of `tasks/` that holds each. A task without one needs a generator with a teacher. */
const procedures: Readonly<Record<string, () => Promise<Procedure>>> = {
  'everyday-numbers': () => import('./everyday-numbers/procedure/mod.ts'),
}

const byHash = new Map<string, string>()

/** Where a task says which procedure it has: the hash of its code. */
type Declared = Pick<PublicTask, 'procedureSha256'>

/** The folder of the procedure that a task declares: neither an id nor a path that two tasks share stands for it. */
function folderOf({ procedureSha256 }: Declared): string | undefined {
  if (procedureSha256 === undefined) return undefined
  for (const name of byHash.size > 0 ? [] : Object.keys(procedures))
    byHash.set(sourceHash(fileURLToPath(new URL(`./${name}/procedure`, import.meta.url))), name)
  return byHash.get(procedureSha256)
}

export const hasProcedure = (task: Declared): boolean => folderOf(task) !== undefined

/** The procedure that a task declares; its code is loaded with the first task that does. */
export const procedureOf = async (task: Declared): Promise<Procedure | undefined> =>
  procedures[folderOf(task) ?? '']?.()
