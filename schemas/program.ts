import { z } from 'zod'
import { Token } from './ids.ts'

/** Where rows come from: the task's own procedure samples problems of one skill and writes their worked solutions. */
export const ProcedureSource = z.object({
  id: Token,
  kind: z.literal('procedure'),
  skill: Token,
  /** Rows wanted from this source in the dataset, carried-over rows not counted. */
  rows: z.number().int().nonnegative(),
  /** How many of the training phrasings to use, 1 to all. */
  phrasings: z.number().int().positive(),
  /** Share of rows from the wide numeric range, 0 to 1; the rest is narrow. */
  wideShare: z.number().min(0).max(1),
  /** Relative weights of the difficulties 1, 2 and 3. */
  difficulty: z.tuple([z.number().min(0), z.number().min(0), z.number().min(0)]),
})
export type ProcedureSource = z.infer<typeof ProcedureSource>

export const Source = z.discriminatedUnion('kind', [ProcedureSource])
export type Source = z.infer<typeof Source>

/** Which admitted rows of an earlier attempt count inside the number, by skill. */
export const CarryOver = z.object({
  attempt: z.number().int().positive(),
  rows: z.record(Token, z.number().int().nonnegative()),
})
export type CarryOver = z.infer<typeof CarryOver>

/** A curation program: a typed document from which an attempt's dataset is made. */
export const Program = z
  .object({
    version: z.literal(1),
    sources: z.array(Source).min(1),
    contract: z.object({
      maxInputChars: z.number().int().positive(),
      maxOutputChars: z.number().int().positive(),
    }),
    filters: z.object({
      /** Two rows are near-duplicates when their numbers agree and their 3-word shingles overlap at least this much (Jaccard). */
      nearDuplicateJaccard: z.number().min(0.3).max(1),
      /** A row is contaminated when its numbers agree with an evaluation item's and at least this share of the item's n-grams is in it. */
      contaminationShare: z.number().min(0.1).max(1),
    }),
    /** execute: the answer is computed again from the row's numeric core. */
    verification: z.enum(['execute', 'none']),
    carryOver: CarryOver.nullable(),
  })
  .superRefine((program, context) => {
    const ids = program.sources.map((source) => source.id)
    const twice = ids.find((id, index) => ids.indexOf(id) !== index)
    if (twice) context.addIssue({ code: 'custom', path: ['sources'], message: `source id "${twice}" is used twice` })
  })
export type Program = z.infer<typeof Program>
