import { sha256 } from '../../schemas/hash.ts'
import type { PublicTask } from '../../schemas/task.ts'
import * as procedure from '../../tasks/everyday-numbers/procedure/mod.ts'
import type { Asked } from './planner-server.ts'

/** A teacher that knows the task: a right row of the skill that the prompt names, another for every prompt. */
export function taskTeacher({ skills }: Pick<PublicTask, 'skills'>): (asked: Asked) => string {
  return ({ messages }) => {
    const prompt = messages[0]!.content
    const skill = skills.find(({ name, description }) => prompt.includes(name) || prompt.includes(description))
    if (!skill) return 'I do not know that kind of problem.'
    const request = { skill: skill.name, difficulty: 1, range: 'narrow', phrasings: 8, seed: sha256(prompt) } as const
    const { input, output } = procedure.sampleRow(request)
    return JSON.stringify({ input, output })
  }
}
