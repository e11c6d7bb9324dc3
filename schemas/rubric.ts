import { z } from 'zod'
import { isPathLike } from './path-like.ts'

/** What a judge scores rows by, from 1 to 5, in words. In a file, the name of a text file beside it may stand for its content. */
export const Rubric = z
  .string()
  .max(20_000)
  .regex(/\S/, 'must hold some words')
  .refine((text) => rubricFileOf(text) !== null || !isPathLike(text), {
    error:
      'looks like the path of a file, and would be given to the judge as it stands: write the words themselves, or the name of a .md or .txt file beside this one (rubric.md)',
  })

/** The file that a rubric names: one word that ends in .md or .txt; null for the words themselves. */
export const rubricFileOf = (rubric: string): string | null => (/^\S+\.(md|txt)$/i.test(rubric) ? rubric : null)
