import type { RuntimeDeclaration, Trainer } from '../../trainer-bridge/runtimes/runtime.ts'
import { trainers } from '../../trainer-bridge/runtimes/table.ts'

const asked = (process.env.SYLLABUS_RUNTIMES ?? '').split(',')

/** Whether SYLLABUS_RUNTIMES names a runtime that takes gigabytes. */
export const isTested = (name: string): boolean => asked.includes('all') || asked.includes(name)

/** The trainers that are tested: the project's own, and those that SYLLABUS_RUNTIMES names (`all`: every one), which take gigabytes. */
export const testedTrainers: readonly RuntimeDeclaration<Trainer>[] = Object.values(trainers).filter(
  ({ name }) => name === 'peft' || isTested(name),
)
