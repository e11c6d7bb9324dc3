import type { Source } from '../../../schemas/program.ts'
import { maxPhrasings } from '../../../schemas/task.ts'

const rules: Readonly<Record<Source['kind'], string>> = {
  procedure: [
    `- A source of kind "procedure" lets the task's own procedure make problems of one skill: \`phrasings\` 1 to ${maxPhrasings} sentence frames, \`wideShare\` 0 to 1 of rows with wide numbers, \`difficulty\` weights of easy, middle and hard.`,
    '- `verification` is "execute".',
  ].join('\n'),
  prompt: [
    '- A source of kind "prompt" sends `template` to a teacher model, once for each row. The teacher is told apart from it to reply with the question and its worked answer: do not ask for a format.',
    '- `{{name}}` in a template stands for an entry of `parameters`: a list of values, or {"from": a, "to": b, "decimals": d}. Use parameters for settings, names, numbers and styles, so that every prompt is another. Every parameter must be used, and every placeholder must have one. `{{index}}`, `{{skill}}` and `{{instruction}}` are always there.',
    '- `mode` is "scratch", or "error-driven": then `seeds` lists failed cases by their id as "@id", and the template has {{seed}} and asks for a new problem of that kind with another situation and other numbers, never the same one.',
    '- `verification` is "none" or {"kind": "vote", "k": 3}: the teacher solves each row again k times, and a row that most contradict is dropped. A vote costs k calls a row.',
  ].join('\n'),
}

/** What the model is told about the sources that the run's generator can follow. */
export const kindRules = (kinds: readonly Source['kind'][]): string => kinds.map((kind) => rules[kind]).join('\n')
