import type { Program } from '../../../schemas/program.ts'
import type { RejectionReason, Row } from '../../../schemas/row.ts'
import { TrainingRow } from '../../../schemas/task.ts'

/** The paper's row contract, non-empty instruction, input and output, within the program's lengths; null when it is met. */
export function formatFault(row: Row, contract: Program['contract']): RejectionReason | null {
  const { instruction, input, output } = row
  if (!TrainingRow.safeParse({ instruction, input, output }).success || !input.trim() || !output.trim()) return 'format'
  return input.length > contract.maxInputChars || output.length > contract.maxOutputChars ? 'too-long' : null
}
