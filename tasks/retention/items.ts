import type { Item } from '../../schemas/task.ts'
import { kinds } from './questions.ts'

/** The items of the bundled retention set, in the order of its questions. */
function retentionItems(): Item[] {
  return kinds.flatMap(({ skill, instruction, ask, answers }) =>
    Object.entries(answers).map(([subject, answer], index) => {
      const id = `${skill}-${index + 1}`
      return { id, part: 'handwritten' as const, skill, instruction, input: ask(subject), answer, coreKey: id }
    }),
  )
}

/** The text of `items.jsonl`. */
export const retentionLines = (): string =>
  retentionItems()
    .map((item) => `${JSON.stringify(item)}\n`)
    .join('')
