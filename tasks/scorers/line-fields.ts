import { z } from 'zod'

/** A model's reply as a results file carries it; null, as a failed call leaves it, is an empty one. */
export const Reply = z
  .string('must be a text')
  .nullable()
  .transform((text) => text ?? '')

/** A text that a line may lack; null counts as lacking. */
export const OptionalText = z.string('must be a text').nullish()

/** A gold answer as text. */
export const GoldText = z.union([z.string(), z.number()], 'must be a text or a number').transform(String)
