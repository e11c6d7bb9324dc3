import type { z } from 'zod'
import { Program, type PromptSource } from '../../schemas/program.ts'
import { teacherTemplate } from './teacher-server.ts'

/** A program with one source that the teacher server of the tests understands. */
export function promptProgram(
  changes: Partial<Omit<PromptSource, 'id' | 'kind'>> & { rows: number } & Partial<
      Pick<z.input<typeof Program>, 'verification' | 'judge'>
    >,
): Program {
  const { verification = 'none', judge = null, ...source } = changes
  return Program.parse({
    version: 1,
    sources: [
      { id: 'crates', kind: 'prompt', skill: 'order-total', mode: 'scratch', template: teacherTemplate, ...source },
    ],
    contract: { maxInputChars: 400, maxOutputChars: 400 },
    filters: { nearDuplicateJaccard: 0.8, contaminationShare: 0.6 },
    verification,
    judge,
    carryOver: null,
  })
}
