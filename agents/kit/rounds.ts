import type { Bus } from '../../bus/mod.ts'
import { Round, type RoundRef } from '../../schemas/messages/generation.ts'
import { Program } from '../../schemas/program.ts'
import { cachedJson } from './cache.ts'

/** Reads the rounds that messages refer to, and the programs that rounds follow; each of the last few once. */
export function openRounds(bus: Bus) {
  const roundOf = cachedJson(bus, Round)
  return { roundOf: ({ object }: RoundRef) => roundOf(object), programOf: cachedJson(bus, Program) }
}
