import type { Program } from '../../../schemas/program.ts'
import type { Row } from '../../../schemas/row.ts'
import { TrainingRow } from '../../../schemas/task.ts'

/** Control characters but tab and line ends: no tokenizer wants them, and a terminal that shows them obeys them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/

/** Text that every reader can read: without control characters, and without half of a surrogate pair. */
const isReadable = (text: string) => text.trim() !== '' && text.isWellFormed() && !control.test(text)

/** The paper's row contract, non-empty readable instruction, input and output, within the program's lengths; null when it is met. */
export function formatFault(row: Row, contract: Program['contract']): 'format' | 'too-long' | null {
  const { instruction, input, output } = row
  if (!TrainingRow.safeParse({ instruction, input, output }).success) return 'format'
  if (!isReadable(input) || !isReadable(output)) return 'format'
  return input.length > contract.maxInputChars || output.length > contract.maxOutputChars ? 'too-long' : null
}
