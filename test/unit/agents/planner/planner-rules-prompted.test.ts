import { expect, test } from 'vitest'
import { checkProgram } from '../../../../agents/planner/program/program-faults.ts'
import { mannerOfPrompted, promptedProgram } from '../../../../agents/planner/rules/prompted-program.ts'
import type { PromptSource } from '../../../../schemas/program.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask } from '../../../../tasks/load.ts'

const task = await loadTask(bundledTask)
const skills = task.skills.map(({ name }) => name)

test('the manner of a procedure becomes words of a prompt, and can be read back from them', () => {
  const manner = { phrasings: 5, wideShare: 0.4, difficulty: [0.5, 0.3, 0.2] } as const
  const rows = new Map(skills.map((skill, at) => [skill, at === 0 ? 0 : 7]))
  const program = promptedProgram(task, rows, () => ({ ...manner, difficulty: [...manner.difficulty] }), null)
  expect(checkProgram(program, { skills, kinds: ['prompt'] })).toMatchObject({ ok: true })
  expect(program.sources.map(({ skill }) => skill)).toEqual(skills.slice(1))
  for (const source of program.sources as PromptSource[]) {
    expect(mannerOfPrompted(source)).toEqual(manner)
    expect(new Set(source.parameters.style as string[]).size).toBe(5)
  }
})

test('a source of another hand has no manner', () => {
  const program = promptedProgram(
    task,
    new Map([[skills[0]!, 1]]),
    () => ({ phrasings: 1, wideShare: 0, difficulty: [1, 1, 1] }),
    null,
  )
  expect(
    mannerOfPrompted({
      ...(program.sources[0] as PromptSource),
      parameters: { style: { from: 1, to: 2, decimals: 0 } },
    }),
  ).toBeNull()
})
