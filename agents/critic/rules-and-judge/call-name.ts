import type { Row } from '../../../schemas/row.ts'

/** The name of one call about a row among those of its shard: a shard has one source, so its index and sample say which row. */
export function callNameOf({ id }: Row, stage: 'vote' | 'judge', turn: number): string {
  const [index, sample] = id.split('.').slice(-2)
  return `${index}-${sample}-${stage}-${turn}`
}
