import { z } from 'zod'
import { Token } from './ids.ts'
import { isPathLike, Rubric, rubricFileOf } from './rubric.ts'

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

/** What is said where neither null nor an object stands. */
const orNull = (example: string) => (issue: z.core.$ZodRawIssue) =>
  issue.code === 'invalid_type' ? `write null or an object, such as ${example}` : undefined

/** What every source says. */
const shared = {
  id: Token.describe('name of the source, once in a program'),
  skill: Token.describe("one of the task's skills"),
  rows: z.number().int().nonnegative().describe('rows wanted in the dataset, carried-over rows not counted'),
}

/** Where rows come from: the task's own procedure samples problems of one skill and writes their worked solutions. */
export const ProcedureSource = z.strictObject({
  ...shared,
  kind: z.literal('procedure').describe("the task's own code makes problems and works them out"),
  phrasings: z.number().int().positive().describe('how many of the training phrasings to use, 1 to all'),
  wideShare: z.number().min(0).max(1).describe('share of rows from the wide numeric range; the rest is narrow'),
  difficulty: z
    .tuple([z.number().min(0), z.number().min(0), z.number().min(0)])
    .describe('relative weights of easy, middle and hard'),
})
export type ProcedureSource = z.infer<typeof ProcedureSource>

/** Values of one placeholder: a list to choose from, or numbers from `from` to `to`, both included. */
export const PromptParameter = z.union(
  [
    z.array(z.union([z.string(), z.number()], { error: 'write a text or a number' })).min(1),
    z
      .strictObject({ from: z.number(), to: z.number(), decimals: z.number().int().min(0).max(6).default(0) })
      .refine((range) => range.from <= range.to, 'from must not exceed to'),
  ],
  { error: 'write a list of values, such as ["a shop", "a farm"], or a range, such as {"from": 2, "to": 9}' },
)
export type PromptParameter = z.infer<typeof PromptParameter>

/** Placeholders that every template may use without a parameter of its own. */
const builtInPlaceholders = ['index', 'skill', 'instruction'] as const

/** The names between double braces in a template. */
const placeholdersOf = (template: string): string[] => [
  ...new Set([...template.matchAll(/\{\{\s*([\w-]+)\s*\}\}/g)].map((match) => match[1]!)),
]

/** Where rows come from: a teacher model answers the template, filled in anew for each prompt. */
export const PromptSource = z
  .strictObject({
    ...shared,
    kind: z.literal('prompt').describe('a teacher model answers the template, filled in anew for each prompt'),
    mode: z
      .enum(['scratch', 'seed', 'error-driven'])
      .describe(
        'what `{{seed}}` stands for: nothing, raw questions, or validation questions that the student got wrong',
      ),
    template: z
      .string()
      .min(1)
      .max(20_000)
      .refine((text) => !isPathLike(text), {
        error:
          'looks like the path of a file, and would be the whole prompt: no file is read here, write the prompt itself',
      })
      .describe(
        'the prompt; `{{name}}` stands for a parameter, and `{{index}}`, `{{skill}}`, `{{instruction}}` are always there',
      ),
    parameters: z
      .record(z.string().regex(/^[\w-]+$/), PromptParameter)
      .default({})
      .describe('values of the placeholders: a list, or numbers from `from` to `to`, both included; each must be used'),
    seeds: z
      .union([z.literal('pool'), z.array(z.string().min(1).max(4000)).max(200)], {
        error: 'write "pool" or a list of texts',
      })
      .default([])
      .describe(
        'texts that `{{seed}}` stands for in turn; "pool" in mode seed: those of the task\'s pool that are for this skill or for none',
      ),
    sampling: z
      .strictObject({
        temperature: z.number().min(0).max(2).default(1).describe('how freely the teacher samples'),
        topP: z
          .number()
          .gt(0)
          .max(1)
          .optional()
          .describe("share of the likeliest tokens that it samples from; left out: the endpoint's own"),
        maxTokens: z.number().int().positive().default(1024).describe('longest reply in tokens'),
      })
      .prefault({})
      .describe('how the teacher is asked'),
    samplesPerPrompt: z
      .number()
      .int()
      .min(1)
      .max(16)
      .default(1)
      .describe('rows asked for with one and the same prompt, each in a call of its own'),
    hooks: Hooks.optional().describe('JavaScript functions that read, refuse and multiply rows'),
  })
  .superRefine(({ mode, template, parameters, seeds }, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const known = [...builtInPlaceholders, ...Object.keys(parameters), ...(mode === 'scratch' ? [] : ['seed'])]
    const used = placeholdersOf(template)
    for (const name of used.filter((each) => !known.includes(each)))
      issue('template', `{{${name}}} has no parameter; there is ${known.join(', ')}`)
    for (const name of Object.keys(parameters).filter((each) => !used.includes(each)))
      issue('parameters', `parameter "${name}" is not used: put {{${name}}} into the template`)
    if (mode === 'scratch' && seeds.length > 0)
      issue('seeds', 'mode scratch takes no seeds: name mode seed, or drop them')
    if (mode !== 'scratch' && (seeds.length === 0 || !used.includes('seed')))
      issue('seeds', `mode ${mode} wants seeds, and {{seed}} in the template`)
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
export const CarryOver = z.strictObject(
  {
    attempt: z.number().int().positive().describe('the attempt that they are from'),
    rows: z.record(Token, z.number().int().nonnegative()).describe('how many, by skill'),
  },
  { error: orNull('{"attempt": 1, "rows": {"<skill>": 20}}') },
)
export type CarryOver = z.infer<typeof CarryOver>

/** The teacher solves each prompted row again `k` times, without its answer, and most solutions must arrive at the row's. */
export const Vote = z.strictObject({
  kind: z.literal('vote').describe('rows that most solutions contradict are refused'),
  k: z.number().int().min(1).max(9).describe('solutions of each row; more than half must agree'),
  temperature: z.number().min(0).max(2).default(0).describe('of the solutions'),
})
export type Vote = z.infer<typeof Vote>

/** A model scores each prompted row that all rules let through, from 1 to 5 by the program's rubric, or the task's. */
export const Judge = z.strictObject(
  {
    minScore: z.number().int().min(2).max(5).default(4).describe('lowest score of a row that is admitted'),
    temperature: z.number().min(0).max(2).default(0).describe('of the judge'),
  },
  { error: orNull('{"minScore": 4}') },
)
export type Judge = z.infer<typeof Judge>

/** A curation program: a typed document from which an attempt's dataset is made. */
export const Program = z
  .strictObject({
    version: z.literal(1).describe('of this form'),
    sources: z.array(Source).min(1).describe('where rows come from'),
    contract: z
      .strictObject({
        maxInputChars: z.number().int().positive().describe('longest question'),
        maxOutputChars: z.number().int().positive().describe('longest worked answer'),
      })
      .describe('a row that is longer is refused'),
    filters: z
      .strictObject({
        nearDuplicateJaccard: z
          .number()
          .min(0.3)
          .max(1)
          .describe(
            'two rows are near-duplicates when their numbers agree and their 3-word shingles overlap at least this much (Jaccard)',
          ),
        contaminationShare: z
          .number()
          .min(0.1)
          .max(1)
          .describe(
            "a row is contaminated when its numbers agree with an evaluation item's and at least this share of the item's n-grams is in it",
          ),
      })
      .describe('what the rules refuse a row for'),
    verification: z
      .union([z.enum(['execute', 'none']), Vote], { error: 'write "execute", "none" or {"kind": "vote", "k": 3}' })
      .describe(
        "execute: the answer is computed again from the row's numeric core, which only rows of a procedure have. vote: the teacher " +
          'solves each row of a prompt again; rows of a procedure are executed',
      ),
    judge: Judge.nullable()
      .default(null)
      .describe('a model scores each prompted row that all rules let through, from 1 to 5 by `rubric`; null: none'),
    rubric: Rubric.optional().describe(
      "what the judge scores rows by, in words; in a file, the name of a .md or .txt file beside it may stand for them; left out: the task's",
    ),
    carryOver: CarryOver.nullable().describe('rows kept from an earlier attempt of the run; null: none'),
  })
  .superRefine((program, context) => {
    const ids = program.sources.map((source) => source.id)
    const twice = ids.find((id, index) => ids.indexOf(id) !== index)
    const unproven = program.sources.findIndex((source) => source.kind === 'prompt')
    if (unproven >= 0 && program.verification === 'execute') {
      const message = 'rows of a prompt have no numeric core to execute: use "none" or {"kind": "vote", "k": 3}'
      context.addIssue({ code: 'custom', path: ['verification'], message })
    }
    if (program.rubric !== undefined && program.judge === null) {
      const message = 'only a judge reads a rubric: write judge: {"minScore": 4}, or leave the rubric out'
      context.addIssue({ code: 'custom', path: ['rubric'], message })
    }
    if (rubricFileOf(program.rubric ?? '') !== null) {
      const message = 'names a file, which is read only where it stands in a program file: write the words themselves'
      context.addIssue({ code: 'custom', path: ['rubric'], message })
    }
    if (twice) context.addIssue({ code: 'custom', path: ['sources'], message: `source id "${twice}" is used twice` })
  })
export type Program = z.infer<typeof Program>

/** The filters of programs that nobody wrote by hand, and of other comparisons of texts with items; measured by `npm run bench:checks`. */
export const usualFilters: Program['filters'] = { nearDuplicateJaccard: 0.7, contaminationShare: 0.6 }

/** The loosest filters of a planner's program in a task that says none. */
export const defaultBounds: Program['filters'] = { nearDuplicateJaccard: 0.8, contaminationShare: 0.6 }

/** Calls that the critic pays for one row of a prompt that all rules let through, each answered the first time. */
export const checkCallsOf = ({ verification, judge }: Pick<Program, 'verification' | 'judge'>): number =>
  (typeof verification === 'string' ? 0 : verification.k) + (judge ? 1 : 0)

/** Solutions that make a majority of a vote; where the first ones agree, no more are asked for. */
export const majorityOf = ({ k }: Pick<Vote, 'k'>): number => Math.floor(k / 2) + 1

/** Calls that the critic pays for one row that it admits, at least: a majority that agrees at once, and one judge score. */
export const leastCheckCallsOf = ({ verification, judge }: Pick<Program, 'verification' | 'judge'>): number =>
  (typeof verification === 'string' ? 0 : majorityOf(verification)) + (judge ? 1 : 0)

/** Calls that a candidate of the source costs from prompt to verdict, each answered the first time; none for a procedure's. */
export const callsPerCandidate = (source: Source, program: Pick<Program, 'verification' | 'judge'>): number =>
  source.kind === 'prompt' ? 1 + rowsPerReply(source) * checkCallsOf(program) : 0
