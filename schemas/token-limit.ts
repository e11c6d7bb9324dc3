import { z } from 'zod'
import { ObjectRef } from './ids.ts'

/** How long a row may be for the student that is trained on it, and how its tokens are counted without the student. */
export const TokenLimit = z.object({
  /** The recipe's `cutoff_len`, or the student's context where that is less: a row with more tokens would be left out of the training. */
  cutoffLen: z.int().positive(),
  /** What stands before and after the instruction and input of a row. */
  prompt: z.tuple([z.string(), z.string()]),
  /** What stands before and after its output; tokenised apart from the prompt. */
  reply: z.tuple([z.string(), z.string()]),
  /** Tokens that the frame takes at most: one for each of the tokenizer's own marks, one for each other byte. */
  frameTokens: z.int().nonnegative(),
  /** A TokenizerFiles. */
  tokenizer: ObjectRef,
})
export type TokenLimit = z.infer<typeof TokenLimit>

/** The content of a tokenizer's two files, as the Hugging Face hub keeps them. `added_tokens`: its own marks, one token each. */
export const TokenizerFiles = z.object({
  tokenizer: z.looseObject({ added_tokens: z.array(z.looseObject({ content: z.string() })).default([]) }),
  config: z.looseObject({}),
})
export type TokenizerFiles = z.infer<typeof TokenizerFiles>

/** What a run says whose rows' tokens nobody counted before a training. */
export const uncountedText = (why: string) =>
  `Rows were not counted in the student's tokens, so only the trainings left out those that are too long: ${why}`
