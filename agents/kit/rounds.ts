import type { Bus } from '../../bus/mod.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import { Round, type RoundRef } from '../../schemas/messages/generation.ts'
import { Program } from '../../schemas/program.ts'
import { memo } from './cache.ts'

const byHash = ({ sha256 }: ObjectRef) => sha256

/** Reads the rounds that messages refer to, and the programs that rounds follow; each of the last few once. */
export function openRounds({ objects }: Bus) {
  const roundOf = memo((ref: ObjectRef) => objects.getJson(ref, Round), byHash)
  const programOf = memo((ref: ObjectRef) => objects.getJson(ref, Program), byHash)
  return { roundOf: ({ object }: RoundRef) => roundOf(object), programOf }
}
