import type { PublicTask } from '../../../schemas/task.ts'

/** What a template has of the task's worked examples. */
const [mostExamples, mostChars] = [8, 6000]

/**
 * Asks a teacher for one new problem of a skill, in the task's own words, form and examples, so that programs which nobody wrote by hand
 * ask for what the scorer reads. `manner`: how it is to be phrased, with placeholders.
 */
export function problemTemplate(task: Pick<PublicTask, 'fewShot'>, description: string, manner = ''): string {
  return [
    [`Write one new problem of this kind, number {{index}}: ${braceless(description)}`, manner].join(' ').trim(),
    `It stands under this instruction, and its answer has the form that the instruction asks for: {{instruction}}`,
    ...examplesText(task),
  ].join('\n\n')
}

function examplesText({ fewShot }: Pick<PublicTask, 'fewShot'>): string[] {
  let left = mostChars
  const lines = fewShot.slice(0, mostExamples).flatMap(({ input, output }) => {
    const line = braceless(JSON.stringify({ input, output }))
    left -= line.length
    return left >= 0 ? [line] : []
  })
  if (lines.length === 0) return []
  return [
    `Examples of the task, of all kinds, each answer in the right form:\n${lines.join('\n')}\nWrite another one than these, and answer it as they are answered.`,
  ]
}

/** Text of a task must not read as a placeholder. */
const braceless = (text: string) => text.replaceAll('{{', '{ {')
