import { resolve } from 'node:path'
import { ensureWritable } from './folders.ts'

/** Where Syllabus keeps what it fetches and makes: SYLLABUS_HOME, else `.syllabus` in the current folder. */
export const homeFolder = (): string => resolve(process.env.SYLLABUS_HOME || '.syllabus')

/** Makes the home, or a folder in it, and tries whether it can be written. @throws MachineError that says why not */
export const ensureHome = (folder: string): void =>
  ensureWritable(folder, 'set SYLLABUS_HOME to a folder that can be written')

/** Where reports and exports of runs go: SYLLABUS_RUNS, else `runs` in the current folder. */
export const runsFolder = (): string => resolve(process.env.SYLLABUS_RUNS || 'runs')
