import { TerminalError } from '../../../bus/mod.ts'
import { procedureOf } from '../../../tasks/procedures.ts'
import { defineGenerator, type GeneratorWork, type MadeShard } from '../../sdk/generator.ts'
import { generateShard } from './graph.ts'

/** The rows of a procedure's source. @throws TerminalError for a task that has no procedure */
export async function proceduralRows(
  { shard, source, task }: GeneratorWork,
  signal: AbortSignal,
  name: string,
): Promise<MadeShard> {
  const procedure = await procedureOf(task)
  if (!procedure) throw new TerminalError(`task "${task.id}" has no procedure, so ${name} cannot make rows for it`)
  const { candidates, failures } = await generateShard(shard, source, procedure, signal)
  return { candidates, failures }
}

/** The variant `procedural`: it samples the task's own procedure, and asks no model. */
export const procedural = defineGenerator({
  schemaVersion: 1,
  name: 'procedural',
  version: '1.0.0',
  sources: ['procedure'],
  open: ({ identity }) => ({ make: (work, { signal }) => proceduralRows(work, signal, identity.variant) }),
})
