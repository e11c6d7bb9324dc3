import { TrainingRow } from '../../schemas/task.ts'
import { type RecordForm, recordFormOf } from '../importers/record-form.ts'
import { readRecords } from '../importers/records.ts'
import { TaskError } from '../task-error.ts'

/**
 * Worked rows, `{instruction, input, output}` or a question and an answer under their usual names; those get the task's
 * instruction. Errors: `TaskError` for a record that is no row, and for a file without one.
 */
export async function readRows(path: string, instruction: string): Promise<TrainingRow[]> {
  const rows: TrainingRow[] = []
  let form: RecordForm | null | undefined
  for await (const record of readRecords(path)) {
    const whole = 'problem' in record ? null : wholeRow(record.value)
    // A file of whole rows needs no form.
    if (whole === null && form === undefined) form = await formOf(path, instruction)
    const row = whole ?? ('problem' in record || !form ? null : rowOf(form.read(record.value), instruction))
    if (row === null) {
      const fix = 'Write {"instruction": …, "input": …, "output": …}, none of them empty.'
      throw new TaskError('Not a worked row', `${path}, ${record.where}`, fix)
    }
    rows.push(row)
  }
  if (rows.length > 0) return rows
  throw new TaskError('The file holds no worked row', path, 'Give at least one.')
}

function wholeRow({ instruction, input, output }: Record<string, unknown>): TrainingRow | null {
  return TrainingRow.safeParse({ instruction, input, output }).data ?? null
}

function rowOf(read: ReturnType<RecordForm['read']>, instruction: string): TrainingRow | null {
  return typeof read === 'string' ? null : { instruction, input: read.question, output: read.golds[0] }
}

/** Null where the columns are not known. */
async function formOf(path: string, instruction: string): Promise<RecordForm | null> {
  return recordFormOf(path, { instruction }, true).catch((error: unknown) => {
    if (error instanceof TaskError) return null
    throw error
  })
}
