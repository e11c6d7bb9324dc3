import { type Program, type PromptSource, usualFilters } from '../../../schemas/program.ts'
import type { PublicTask } from '../../../schemas/task.ts'
import { apportion } from '../rules/apportion.ts'

/** Contract and filters of programs that prompt a teacher. */
export const promptChecks: Pick<Program, 'version' | 'contract' | 'filters'> = {
  version: 1,
  contract: { maxInputChars: 4000, maxOutputChars: 4000 },
  filters: usualFilters,
}

/**
 * The uniform control of a run that prompts a teacher: no search, one plain prompt a skill from the task's own words, the rows
 * spread evenly. `checks` are those of the dataset it is compared with, so that the two differ in their prompts and mix alone.
 */
export function uniformPromptProgram(
  task: PublicTask,
  rows: number,
  { verification, judge }: Pick<Program, 'verification' | 'judge'>,
): Program {
  const even = apportion(new Map(task.skills.map(({ name }) => [name, 1])), rows)
  const sources = task.skills.map(
    ({ name, description }): PromptSource => ({
      id: name,
      kind: 'prompt',
      skill: name,
      rows: even.get(name) ?? 0,
      mode: 'scratch',
      template: `Write one new problem of this kind, number {{index}}: ${braceless(description)} Then work it out step by step.`,
      parameters: {},
      seeds: [],
      sampling: { temperature: 1, maxTokens: 1024 },
      samplesPerPrompt: 1,
    }),
  )
  return { ...promptChecks, verification, judge, sources: sources.filter((source) => source.rows > 0), carryOver: null }
}

/** Text of a task must not read as a placeholder. */
export const braceless = (text: string) => text.replaceAll('{{', '{ {')
