import type { Program } from '../../schemas/program.ts'
import type { Row } from '../../schemas/row.ts'
import { TrainingRow } from '../../schemas/task.ts'

/**
 * What no row holds: control characters but tab and line ends (a terminal that shows them obeys them), half of a surrogate pair, code
 * points that are no characters, a byte-order mark inside a text, and tags, which nobody sees and every tokenizer reads.
 */
const unreadable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufeff\u{e0000}-\u{e007f}\p{Surrogate}\p{Noncharacter_Code_Point}]/u

/** The flags of England, Scotland and Wales are spelled with tags. */
const flags = /\u{1f3f4}[\u{e0020}-\u{e007e}]{1,8}\u{e007f}/gu

/** Embeddings, overrides and isolates: with them a text is shown in another order than it is read in. */
const bidirectional = /[\u202a-\u202e\u2066-\u2069]/

/** What joins letters (U+200C, U+200D), marks a direction (U+200E, U+200F) or a place to break a line stays: scripts and emoji need it. */
const isReadable = (text: string, isBidirectional: boolean) =>
  text.trim() !== '' && !unreadable.test(text.replaceAll(flags, '')) && (isBidirectional || !bidirectional.test(text))

/**
 * The paper's row contract, non-empty readable instruction, input and output, within the program's lengths; null when it is met.
 * `isBidirectional`: the task wants rows with bidirectional controls.
 */
export function formatFault(
  row: Row,
  contract: Program['contract'],
  isBidirectional: boolean,
): 'format' | 'too-long' | null {
  const { instruction, input, output } = row
  if (!TrainingRow.safeParse({ instruction, input, output }).success) return 'format'
  if (!isReadable(input, isBidirectional) || !isReadable(output, isBidirectional)) return 'format'
  return input.length > contract.maxInputChars || output.length > contract.maxOutputChars ? 'too-long' : null
}
