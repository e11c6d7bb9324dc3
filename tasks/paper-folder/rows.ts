import { TrainingRow } from '../../schemas/task.ts'
import { column } from '../importers/columns.ts'
import { readRecords } from '../importers/records.ts'
import { TaskError } from '../task-error.ts'

/**
 * Worked rows, `{instruction, input, output}` or a question and an answer under their usual names; those get the task's
 * instruction. Errors: `TaskError` for a record that is no row, and for a file without one.
 */
export async function readRows(path: string, instruction: string): Promise<TrainingRow[]> {
  const rows: TrainingRow[] = []
  for await (const record of readRecords(path)) {
    const row = 'problem' in record ? null : asRow(record.value, instruction)
    if (row === null) {
      const mend = 'Write {"instruction": …, "input": …, "output": …}, none of them empty.'
      throw new TaskError('Not a worked row', `${path}, ${record.where}`, mend)
    }
    rows.push(row)
  }
  if (rows.length > 0) return rows
  throw new TaskError('The file holds no worked row', path, 'Give at least one.')
}

function asRow(value: Record<string, unknown>, instruction: string): TrainingRow | null {
  const { instruction: own, input, output } = value
  const whole = TrainingRow.safeParse({ instruction: own, input, output })
  if (whole.success) return whole.data
  const named = TrainingRow.safeParse({
    instruction: typeof own === 'string' && own !== '' && typeof input === 'string' && input !== '' ? own : instruction,
    input: column(value, 'question', {}),
    output: column(value, 'answer', {}),
  })
  return named.success ? named.data : null
}
