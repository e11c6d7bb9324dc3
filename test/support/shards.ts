import type { PayloadOf } from '../../schemas/message.ts'
import type { Shard } from '../../schemas/messages/generation.ts'
import type { ProcedureSource } from '../../schemas/program.ts'
import { refTo } from './planner-fixtures.ts'

/** The source of `shardOf`. */
export const shardSource: ProcedureSource = {
  id: 'order-total',
  kind: 'procedure',
  skill: 'order-total',
  rows: 100,
  phrasings: 4,
  wideShare: 0.5,
  difficulty: [1, 1, 1],
}

/** A shard of the bundled task's first skill. */
export function shardOf({
  from,
  count,
  seed = '1',
}: {
  from: number
  count: number
  seed?: string
}): PayloadOf<typeof Shard> {
  const round = { attempt: 1, round: 1, object: refTo('round') }
  return { round, shard: 0, source: shardSource.id, from, count, seed }
}
