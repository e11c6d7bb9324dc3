import type { Source } from '../../../schemas/program.ts'
import { maxPhrasings } from '../../../schemas/task.ts'
import type { Situation } from '../policy.ts'

const rules: Readonly<Record<Source['kind'], string>> = {
  procedure: [
    `- A source of kind "procedure" lets the task's own procedure make problems of one skill: \`phrasings\` 1 to ${maxPhrasings} sentence frames, \`wideShare\` 0 to 1 of rows with wide numbers, \`difficulty\` weights of easy, middle and hard.`,
    '- `verification` is "execute", and `judge` is null.',
  ].join('\n'),
  prompt: [
    '- A source of kind "prompt" sends `template` to a teacher model, once for each row. The teacher is told apart from it to reply with the question and its worked answer: do not ask for a format.',
    '- `{{name}}` in a template stands for an entry of `parameters`: a list of values, or {"from": a, "to": b, "decimals": d}. Use parameters for settings, names, numbers and styles, so that every prompt is another. Every parameter must be used, and every placeholder must have one. `{{index}}`, `{{skill}}` and `{{instruction}}` are always there.',
    '- `mode` is "scratch", or "error-driven": then `seeds` lists failed cases by their id as "@id", and the template has {{seed}} and asks for a new problem of that kind with another situation and other numbers, never the same one.',
  ].join('\n'),
}

const hookRules =
  '- `hooks` of a prompt source are optional JavaScript functions, each a text, without I/O, clock and random numbers. ' +
  '`accept`: "(row, context) => true", or a reason to refuse a row whose `input` and `output` it sees. ' +
  '`expand`: "(row, context) => [{input, output}]", at most `maxExpanded` further rows made of a good one, for no further call. ' +
  '`parse`: "(reply, context) => ({input, output})" or null, where you want the reply in a form of your own: then the template asks for it, and for the answer in the form of {{instruction}}. ' +
  '`context` has `seed` and `parameters` as the prompt was filled in. A hook that fails on every reply makes the program fail: leave them out unless they are needed.'

const seedRule =
  '- `mode` "seed" builds on the pool of raw questions: `seeds` is "pool", and {{seed}} in the template stands for one of them in turn. Ask for a new problem inspired by it, or for its worked answer.'

const paidChecks =
  '- `verification` is "none" or {"kind": "vote", "k": 3}: the teacher solves each row again k times, and a row that most contradict is dropped; it costs up to k calls a row. ' +
  '`judge` is null or {"minScore": 4}: a model scores each row that is left from 1 to 5, and a lower one is dropped; it costs one call a row.'
const freeChecks = '- `verification` is "none" and `judge` is null: the critic of this run asks no model.'

/** What the model is told about the sources that the run's generator can follow, the seed pool, and the checks of its critic. */
export function kindRules({
  sourceKinds,
  task,
  paidChecks: paid,
}: Pick<Situation, 'sourceKinds' | 'task' | 'paidChecks'>): string {
  const seeds = task.seeds.length > 0 ? [seedRule] : []
  const prompted = sourceKinds.includes('prompt') ? [...seeds, hookRules, paid ? paidChecks : freeChecks] : []
  return [...sourceKinds.map((kind) => rules[kind]), ...prompted].join('\n')
}
