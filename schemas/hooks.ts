import { z } from 'zod'

/** The JavaScript text of one function. */
const HookText = z.string().min(1).max(20_000)

/**
 * Functions that see each reply of a source, in a sandbox: no I/O, no clock, no random numbers, nothing kept between rows.
 * `context` is {index, sample, skill, source, instruction, seed, parameters, chance}: what the prompt was filled in with, and a
 * number in [0, 1) that follows from the run's seed and the row's id. A hook that throws, runs too long, takes too much memory or
 * returns anything else costs its row.
 */
export const Hooks = z.strictObject({
  parse: HookText.optional().describe(
    '`(reply, context) => ({input, output})` reads the row from the reply; null where there is none, and the teacher is asked again. ' +
      'With it the template asks for the form of the reply itself; without it JSON is asked for',
  ),
  accept: HookText.optional().describe('`(row, context) => true`; false, or the reason as a text, refuses the row'),
  expand: HookText.optional().describe(
    '`(row, context) => [{input, output}, …]`: further rows made of an accepted one',
  ),
  maxExpanded: z
    .number()
    .int()
    .min(1)
    .max(16)
    .default(4)
    .describe('most rows that `expand` may return for one row; the first round is planned as if it always did'),
})
export type Hooks = z.infer<typeof Hooks>
