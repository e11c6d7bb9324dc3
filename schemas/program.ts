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

/** Values of one placeholder: a list to choose from, or numbers from `from` to `to`, both included. */
export const PromptParameter = z.union([
  z.array(z.union([z.string(), z.number()])).min(1),
  z
    .strictObject({ from: z.number(), to: z.number(), decimals: z.number().int().min(0).max(6).default(0) })
    .refine((range) => range.from <= range.to, 'from must not exceed to'),
])
export type PromptParameter = z.infer<typeof PromptParameter>

/** Placeholders that every template may use without a parameter of its own. */
export const builtInPlaceholders = ['index', 'skill', 'instruction'] as const

/** The names between double braces in a template. */
export const placeholdersOf = (template: string): string[] => [
  ...new Set([...template.matchAll(/\{\{\s*([\w-]+)\s*\}\}/g)].map((match) => match[1]!)),
]

/** The JavaScript text of one function, such as `(row, context) => row.output.length > 20`. */
const HookText = z.string().min(1).max(20_000)

/**
 * Functions that see each reply of a source, in a sandbox: no I/O, no clock, no random numbers, nothing kept between rows.
 * `context` is {index, sample, skill, source, instruction, seed, parameters, chance}: what the prompt was filled in with, and a
 * number in [0, 1) that follows from the run's seed and the row's id. A hook that throws, runs too long, takes too much memory or
 * returns anything else costs its row.
 */
export const Hooks = z.strictObject({
  /**
   * `(reply, context) => ({input, output})` reads the row from the reply's text; null where there is none, and the teacher is asked
   * again. With it the template asks for the form of the reply itself; without it the generator asks for JSON.
   */
  parse: HookText.optional(),
  /** `(row, context) => true`; false, or the reason as a text, refuses the row. */
  accept: HookText.optional(),
  /** `(row, context) => [{input, output}, …]`: further rows made of an accepted one. */
  expand: HookText.optional(),
  /** Most rows that `expand` may return for one row; the first round is planned as if it always did. */
  maxExpanded: z.number().int().min(1).max(16).default(4),
})
export type Hooks = z.infer<typeof Hooks>

/** Where rows come from: a teacher model answers the template, filled in anew for each prompt. */
export const PromptSource = z
  .object({
    id: Token,
    kind: z.literal('prompt'),
    skill: Token,
    /** Rows wanted from this source in the dataset, carried-over rows not counted. */
    rows: z.number().int().nonnegative(),
    /** What `{{seed}}` stands for: nothing, raw questions, or validation questions that the student got wrong. */
    mode: z.enum(['scratch', 'seed', 'error-driven']),
    /** The prompt. `{{name}}` stands for a parameter; `{{index}}`, `{{skill}}` and `{{instruction}}` are always there. */
    template: z.string().min(1).max(20_000),
    parameters: z.record(z.string().regex(/^[\w-]+$/), PromptParameter).default({}),
    /** Texts that `{{seed}}` stands for in turn; "pool" in mode seed: the task's seed pool, of this skill where its seeds name one. */
    seeds: z.union([z.literal('pool'), z.array(z.string().min(1).max(4000)).max(200)]).default([]),
    sampling: z
      .strictObject({
        temperature: z.number().min(0).max(2).default(1),
        topP: z.number().gt(0).max(1).optional(),
        /** Longest reply in tokens. */
        maxTokens: z.number().int().positive().default(1024),
      })
      .prefault({}),
    /** Rows asked for with one and the same prompt, each in a call of its own. */
    samplesPerPrompt: z.number().int().min(1).max(16).default(1),
    hooks: Hooks.optional(),
  })
  .superRefine(({ mode, template, parameters, seeds }, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const known = [...builtInPlaceholders, ...Object.keys(parameters), ...(mode === 'scratch' ? [] : ['seed'])]
    const used = placeholdersOf(template)
    for (const name of used.filter((each) => !known.includes(each))) {
      issue('template', `{{${name}}} has no parameter; there is ${known.join(', ')}`)
    }
    for (const name of Object.keys(parameters).filter((each) => !used.includes(each))) {
      issue('parameters', `parameter "${name}" is not used: put {{${name}}} into the template`)
    }
    if (mode === 'scratch' && seeds.length > 0)
      issue('seeds', 'mode scratch takes no seeds: name mode seed, or drop them')
    if (mode !== 'scratch' && (seeds.length === 0 || !used.includes('seed'))) {
      issue('seeds', `mode ${mode} wants seeds, and {{seed}} in the template`)
    }
    if (mode === 'error-driven' && seeds === 'pool')
      issue('seeds', 'the pool is for mode seed: name mode seed, or list the failed cases')
  })
export type PromptSource = z.infer<typeof PromptSource>

export const Source = z.discriminatedUnion('kind', [ProcedureSource, PromptSource])
export type Source = z.infer<typeof Source>

/** Rows that one reply of a source's teacher may become. */
export const rowsPerReply = (source: Source): number =>
  source.kind === 'prompt' && source.hooks?.expand ? 1 + source.hooks.maxExpanded : 1

/** Which admitted rows of an earlier attempt count inside the number, by skill. */
export const CarryOver = z.object({
  attempt: z.number().int().positive(),
  rows: z.record(Token, z.number().int().nonnegative()),
})
export type CarryOver = z.infer<typeof CarryOver>

/** The teacher solves each prompted row again `k` times, without its answer, and most solutions must arrive at the row's. */
export const Vote = z.strictObject({
  kind: z.literal('vote'),
  k: z.number().int().min(1).max(9),
  temperature: z.number().min(0).max(2).default(0),
})
export type Vote = z.infer<typeof Vote>

/** A model scores each prompted row that all rules let through, from 1 to 5 by the task's rubric. */
export const Judge = z.strictObject({
  /** Lowest score of a row that is admitted. */
  minScore: z.number().int().min(2).max(5).default(4),
  temperature: z.number().min(0).max(2).default(0),
})
export type Judge = z.infer<typeof Judge>

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
    /**
     * execute: the answer is computed again from the row's numeric core, which only rows of a procedure have. vote: rows of a
     * prompt are voted about, rows of a procedure are executed.
     */
    verification: z.union([z.enum(['execute', 'none']), Vote]),
    /** Null: no row is judged. */
    judge: Judge.nullable().default(null),
    carryOver: CarryOver.nullable(),
  })
  .superRefine((program, context) => {
    const ids = program.sources.map((source) => source.id)
    const twice = ids.find((id, index) => ids.indexOf(id) !== index)
    const unproven = program.sources.findIndex((source) => source.kind === 'prompt')
    if (unproven >= 0 && program.verification === 'execute') {
      const message = 'rows of a prompt have no numeric core to execute: use "none" or {"kind": "vote", "k": 3}'
      context.addIssue({ code: 'custom', path: ['verification'], message })
    }
    if (twice) context.addIssue({ code: 'custom', path: ['sources'], message: `source id "${twice}" is used twice` })
  })
export type Program = z.infer<typeof Program>

/** Calls that the critic pays for one row of a prompt that all rules let through, each answered the first time. */
export const checkCallsOf = ({ verification, judge }: Pick<Program, 'verification' | 'judge'>): number =>
  (typeof verification === 'string' ? 0 : verification.k) + (judge ? 1 : 0)
