import { z } from 'zod'

/**
 * A benchmark scorer reads one line of a results file. `official` gives the verdict of the benchmark's own scorer, quirks
 * included; `normalised` gives what a person would call right.
 */
export const BenchmarkMode = z.enum(['official', 'normalised'])
export type BenchmarkMode = z.infer<typeof BenchmarkMode>

/** `extracted` is the answer as it was compared, null where none was found; `reason` is a short stable code. */
export type LineScore = { correct: boolean; extracted: string | null; reason: string }

/** The verdict about a line of a results file; `invalid` says what the line lacks. */
export type CheckedLineScore = LineScore | { invalid: string }

/** A scorer and the shape of the lines it reads (further keys are allowed). Neither `score` nor the schema throws. */
export type BenchmarkScorer<Line> = { line: z.ZodType<Line>; score: (line: Line, mode: BenchmarkMode) => LineScore }

export const right = (extracted: string | null): LineScore => ({ correct: true, extracted, reason: 'match' })

export const wrong = (extracted: string | null, reason: string): LineScore => ({ correct: false, extracted, reason })

/** A model's reply as a results file carries it; null, as a failed call leaves it, is an empty one. */
export const ReplyText = z
  .string('must be a text')
  .nullable()
  .transform((text) => text ?? '')

/** A text that a line may lack; null counts as lacking. */
export const OptionalText = z.string('must be a text').nullish()

/** A gold answer as text. */
export const GoldText = z.union([z.string(), z.number()], 'must be a text or a number').transform(String)
