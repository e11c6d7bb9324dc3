import type { Program, PromptSource } from '../../../schemas/program.ts'
import type { PublicTask } from '../../../schemas/task.ts'
import { apportion } from '../apportion.ts'
import { filtersFor } from './filter-bounds.ts'
import { problemTemplate } from './problem-template.ts'

/** Contract and filters of programs that prompt a teacher. */
export const promptChecks = (task: Pick<PublicTask, 'filters'>): Pick<Program, 'version' | 'contract' | 'filters'> => ({
  version: 1,
  contract: { maxInputChars: 4000, maxOutputChars: 4000 },
  filters: filtersFor(task),
})

/**
 * The uniform control of a run that prompts a teacher: no search, one plain prompt a skill with the task's own words, instruction and
 * examples, the rows spread evenly. `checks` are those of the dataset it is compared with, so that the two differ in their prompts and mix
 * alone; left out, they are none.
 */
export function uniformPromptProgram(
  task: PublicTask,
  rows: number,
  { verification, judge, filters }: Pick<Program, 'verification' | 'judge'> & Partial<Pick<Program, 'filters'>>,
): Program {
  const even = apportion(new Map(task.skills.map(({ name }) => [name, 1])), rows)
  const sources = task.skills.map(
    ({ name, description }): PromptSource => ({
      id: name,
      kind: 'prompt',
      skill: name,
      rows: even.get(name) ?? 0,
      mode: 'scratch',
      template: problemTemplate(task, description),
      parameters: {},
      seeds: [],
      sampling: { temperature: 1, maxTokens: 1024 },
      samplesPerPrompt: 1,
    }),
  )
  const checks = promptChecks(task)
  return {
    ...checks,
    filters: filters ?? checks.filters,
    verification,
    judge,
    sources: sources.filter((source) => source.rows > 0),
    carryOver: null,
  }
}
