import type { Seed } from '../schemas/task.ts'

/** The seeds that rows of a skill may build on: those of that skill and those of none. */
export const seedsOf = (seeds: readonly Seed[], skill: string): readonly Seed[] =>
  seeds.filter((seed) => seed.skill === undefined || seed.skill === skill)
