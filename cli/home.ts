import { resolve } from 'node:path'

/** Where Syllabus keeps what it fetches and makes: SYLLABUS_HOME, else `.syllabus` in the current folder. */
export const homeFolder = (): string => resolve(process.env.SYLLABUS_HOME ?? '.syllabus')

/** Where reports and exports of runs go: SYLLABUS_RUNS, else `runs` in the current folder. */
export const runsFolder = (): string => resolve(process.env.SYLLABUS_RUNS ?? 'runs')
