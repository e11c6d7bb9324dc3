import * as everydayNumbers from './everyday-numbers/procedure/mod.ts'

/** What a task's procedure offers: problems without end, whose answers can be computed again. */
export type Procedure = Pick<typeof everydayNumbers, 'sampleRow' | 'solveCore' | 'coreKey' | 'drawAudit'>

/** The procedures there are, by task id. A task without one needs a generator with a teacher. */
export const procedures: Readonly<Record<string, Procedure>> = { 'everyday-numbers': everydayNumbers }
