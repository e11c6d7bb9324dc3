import * as everydayNumbers from './everyday-numbers/procedure/mod.ts'
import type { Procedure } from './procedure.ts'

/** The procedures there are, by task id. A task without one needs a generator with a teacher. */
export const procedures: Readonly<Record<string, Procedure>> = { 'everyday-numbers': everydayNumbers }
