import { z } from 'zod'
import { EndpointOptions, ModelName } from '../../../schemas/endpoint.ts'
import { TeacherLimits } from '../../../schemas/teacher.ts'

const chars = z.number().int().positive()

/** How much of each thing the model is shown, in characters where nothing else is said. */
const Shown = z.strictObject({
  /** A row, or a raw question. */
  row: chars.default(400),
  /** Examples of the task. */
  examples: z.number().int().nonnegative().default(3),
  /** Raw questions of the seed pool. */
  seeds: z.number().int().nonnegative().default(4),
  /** What it wrote that raised. */
  wrote: chars.default(4000),
  /** The error of an attempt. */
  error: chars.default(1500),
  /** The question, the answer and the student's reply of a failed case. */
  caseInput: chars.default(280),
  caseExpected: chars.default(80),
  caseReply: chars.default(200),
  /** Faults of a program that are named at a time. */
  faults: z.number().int().positive().default(12),
  /** Its own plan, and its reply that is to be corrected. */
  reply: chars.default(12_000),
})
export type Shown = z.infer<typeof Shown>

/** How much of what the model wrote is kept with an attempt, in characters. */
const Kept = z.strictObject({
  /** Of its diagnosis and plan together. */
  plan: chars.default(2000),
  /** Of its last reply, where no program that holds came of it. */
  wrote: chars.default(20_000),
})

/** What of a teacher's limits holds for the planner's model too. */
export const clientLimits = TeacherLimits.pick({
  capabilitiesMs: true,
  maxReplyBytes: true,
  backoffMs: true,
  maxRetryAfterMs: true,
  quotaPauseMs: true,
  unreadAnswers: true,
  minReplyTokens: true,
}).strip()

/** Characters of a run that a planner is shown at least. */
export const leastContextChars = 2000

/** Options of the planner variants that ask a language model. */
export const LlmPlannerOptions = z.strictObject({
  model: ModelName,
  ...EndpointOptions.shape,
  /** Tokens that the model takes in and gives together, where its endpoint does not say or says otherwise. */
  contextTokens: z.number().int().positive().optional(),
  temperature: z.number().min(0).max(2).default(0.7),
  /** Longest reply in tokens. */
  maxTokens: z.number().int().positive().default(8192),
  ...clientLimits.shape,
  timeoutMs: z.number().int().positive().default(180_000),
  /** HTTP requests again after a fault that may pass. */
  maxRetries: z.number().int().min(0).max(10).default(4),
  /** How often the model is sent the faults of its program before the attempt counts as raised. */
  maxCorrections: z.number().int().min(0).max(10).default(3),
  /** Characters of the situation that the model is shown. */
  contextChars: z.number().int().min(leastContextChars).default(24_000),
  shown: Shown.prefault({}),
  kept: Kept.prefault({}),
})
export type LlmPlannerOptions = z.infer<typeof LlmPlannerOptions>
