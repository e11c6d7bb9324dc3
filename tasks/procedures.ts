import { fileURLToPath } from 'node:url'
import type { PublicTask } from '../schemas/task.ts'
import * as everydayNumbers from './everyday-numbers/procedure/mod.ts'
import type { Procedure } from './procedure.ts'
import { sourceHash } from './source-hash.ts'

/** The procedures there are, by the folder of `tasks/` that holds each. A task without one needs a generator with a teacher. */
export const procedures: Readonly<Record<string, Procedure>> = { 'everyday-numbers': everydayNumbers }

const byHash = new Map<string, Procedure>()

/** The procedure that a task declares, known by the hash of its code: neither an id nor a path that two tasks share stands for it. */
export function procedureOf({ procedureSha256 }: Pick<PublicTask, 'procedureSha256'>): Procedure | undefined {
  if (procedureSha256 === undefined) return undefined
  for (const [name, procedure] of byHash.size > 0 ? [] : Object.entries(procedures))
    byHash.set(sourceHash(fileURLToPath(new URL(`./${name}/procedure`, import.meta.url))), procedure)
  return byHash.get(procedureSha256)
}
