import type { ObjectRef } from '../../schemas/ids.ts'
import type { Round } from '../../schemas/messages/generation.ts'
import type { Program } from '../../schemas/program.ts'
import type { Row } from '../../schemas/row.ts'
import type { PublicTask } from '../../schemas/task.ts'

export type PlannerStore = {
  task(ref: ObjectRef): Promise<PublicTask>
  putProgram(program: Program): Promise<ObjectRef>
  putRound(round: Round): Promise<ObjectRef>
  getRows(ref: ObjectRef): Promise<Row[]>
  putRows(rows: readonly Row[]): Promise<ObjectRef>
}
