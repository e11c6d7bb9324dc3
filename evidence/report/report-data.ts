import { z } from 'zod'
import { FailureCause } from '../../schemas/guidance.ts'
import { Sha256, Timestamp } from '../../schemas/ids.ts'
import { Decision, Race } from '../../schemas/messages/run.ts'
import { RejectionReason, Row } from '../../schemas/row.ts'
import { Operation, RunStatus, StopReason } from '../../schemas/run.ts'
import { Runtimes } from '../../schemas/runtime-identity.ts'
import { BadCase } from '../../schemas/score.ts'
import { StrategyName } from '../../schemas/search.ts'
import { UsageLine } from '../../schemas/usage.ts'
import { DatasetQuality } from '../quality/facts.ts'
import { ArmResult, byMode, Contrasts, EvidenceFacts, Rates, RetentionFacts, WholeCount } from './contrasts.ts'
import { UnpairedDifference } from './statistics/resampling.ts'

/** One student model on one sealed evaluation set. `parts` holds every part and `all`. */
export const EvalSetResult = z.object({
  studentModel: z.string(),
  parts: z.record(z.string(), Rates),
  skills: z.record(z.string(), Rates),
  truncated: WholeCount,
  items: WholeCount,
})
export type EvalSetResult = z.infer<typeof EvalSetResult>

/** An arm's mean on the audit, part by part, and that minus its mean on the test. */
export const AuditComparison = z.object({
  ...ArmResult.pick({ arm: true, sameAs: true, seeds: true, parts: true }).shape,
  headline: byMode(UnpairedDifference),
  all: byMode(UnpairedDifference),
  /** Whether the two evaluation sets have the same number of items in each common part. */
  sameComposition: z.boolean(),
})
export type AuditComparison = z.infer<typeof AuditComparison>

/** What the test showed. */
export const SealedResults = z.object({
  finalEvalNumber: z.number().int().positive(),
  finalEvalAt: Timestamp,
  testHash: Sha256,
  /** What the audit was drawn with; null where it is a file of the task, or there is none. */
  auditSeed: z.string().nullable(),
  /** In reading order, the headline first, `all` last; of a set with one part that part alone. */
  parts: z.array(z.string()),
  test: z.array(EvalSetResult),
  audit: z.array(EvalSetResult),
  contrasts: Contrasts,
  retention: RetentionFacts.nullable().default(null),
  auditMinusTest: z.array(AuditComparison),
})
export type SealedResults = z.infer<typeof SealedResults>

/** A sentence that is printed only if its interval carries it. */
export const Claim = z.object({
  conclusion: z.enum(['shown', 'not-shown', 'opposite', 'not-measured']),
  sentence: z.string(),
})
export type Claim = z.infer<typeof Claim>

/** A student model's training and its score on validation, as far as they are known. */
export const StudentModelFacts = z.object({
  studentModel: z.string(),
  student: z.string().nullable(),
  /** What trained and answered in the run; left out where the project's own runtime did both. */
  runtimes: Runtimes.optional(),
  examples: z.boolean(),
  validation: z
    .object({
      overall: Rates,
      parts: z.record(z.string(), Rates),
      skills: z.record(z.string(), Rates),
      truncated: WholeCount,
    })
    .nullable(),
  training: z
    .object({
      seed: WholeCount.nullable(),
      datasetHash: Sha256.nullable(),
      jobHash: Sha256.nullable(),
      adapterHash: Sha256.nullable(),
      reused: z.boolean(),
      rows: WholeCount,
      /** Longer than the recipe's cut-off. */
      leftOut: WholeCount.default(0),
      steps: WholeCount,
      tokens: WholeCount,
      seconds: z.number(),
      tokensPerSecond: z.number(),
      device: z.string(),
      lossCurve: z.array(z.tuple([z.number(), z.number()])),
    })
    .nullable(),
})
export type StudentModelFacts = z.infer<typeof StudentModelFacts>

/** How one dataset was made; attempt 0 is the uniform control. */
export const DatasetFacts = z.object({
  attempt: WholeCount,
  operations: z.array(
    z.object({
      operation: Operation,
      diagnosis: z.string(),
      model: z.string().nullable(),
      /** Why no program came of it; null when one did. */
      error: z.string().nullable().default(null),
    }),
  ),
  programHash: Sha256.nullable(),
  sources: z.array(
    z.object({
      id: z.string(),
      skill: z.string(),
      rows: WholeCount,
      /** Null where a teacher is prompted: then there are no frames, ranges and difficulties. */
      phrasings: WholeCount.nullable(),
      wideShare: z.number().nullable(),
      difficulty: z.tuple([z.number(), z.number(), z.number()]).nullable(),
    }),
  ),
  target: WholeCount.nullable(),
  rounds: WholeCount,
  asked: WholeCount,
  generated: WholeCount,
  admitted: WholeCount,
  carriedOver: WholeCount,
  /** Rows in the dataset after the last closed round; null when no round was closed. */
  rows: WholeCount.nullable(),
  valid: z.boolean().nullable(),
  rejected: z.partialRecord(RejectionReason, WholeCount),
  /** Admitted rows that share the template of an evaluation item, with other numbers. */
  templateOverlap: WholeCount.default(0),
  /** Rows by skill, counted in the dataset itself (`dataset`) or, where it could not be read, from the verdicts (`log`). */
  mix: z.record(z.string(), WholeCount),
  mixFrom: z.enum(['dataset', 'log']),
  datasetHash: Sha256.nullable(),
})
export type DatasetFacts = z.infer<typeof DatasetFacts>

/** The paper's categories of failures. */
export const FailureCategory = z.enum([
  'time-out',
  'extraction',
  'runtime-error',
  'truncated',
  'insufficient-rows',
  'other',
])
export type FailureCategory = z.infer<typeof FailureCategory>
const failures = z.partialRecord(FailureCategory, WholeCount)

export const phases = ['generate', 'train', 'answer', 'score', 'sealed', 'other'] as const
export const Phase = z.enum(phases)
export type Phase = z.infer<typeof Phase>

/** A stretch of work; seconds since the run's first message. */
export const WorkStretch = z.object({
  lane: z.string(),
  label: z.string(),
  phase: Phase,
  from: z.number(),
  to: z.number(),
})
export type WorkStretch = z.infer<typeof WorkStretch>

/** The whole report. Its HTML and its Markdown show these numbers and no others. */
/** How a run searched that says so, and what that cost; trainings on a part of the rows count as that part. */
export const SearchSteps = z.object({
  strategy: StrategyName,
  parallel: WholeCount,
  /** Training seeds that better attempts are raced over; 0: none is. */
  racedOver: WholeCount,
  plateau: WholeCount,
  trainingsAllowed: z.number().nullable(),
  trainings: z.number(),
  secondSeeds: z.number(),
  attempts: z.array(Decision.schema.shape.place.unwrap().extend({ attempt: WholeCount })),
  races: z.array(Race.schema),
})
export type SearchSteps = z.infer<typeof SearchSteps>

export const ReportData = z.object({
  version: z.literal(2),
  run: z.object({
    runId: z.string().nullable(),
    status: RunStatus.nullable(),
    statusReason: z.string().nullable(),
    finished: z.boolean(),
    stopReason: StopReason.nullable(),
    stopDetail: z.string().optional(),
    startedAt: Timestamp.nullable(),
    lastMessageAt: Timestamp.nullable(),
    chosenAttempt: z.number().int().positive().nullable(),
    messages: WholeCount,
    unreadable: z.array(z.object({ seq: z.number(), name: z.string(), reason: z.string() })),
  }),
  task: z
    .object({
      id: z.string(),
      title: z.string(),
      goal: z.string(),
      headline: z.string(),
      primary: z.enum(['strict', 'lenient']),
      skills: z.array(z.object({ name: z.string(), description: z.string() })),
      departures: z.array(z.string()),
      recipe: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      inference: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    })
    .nullable(),
  conclusion: z.object({
    improved: Claim,
    /** Against the best that answering without knowing anything scores. */
    trivial: Claim.default({ conclusion: 'not-measured', sentence: '' }),
    beatsExamples: Claim,
    search: Claim,
    caveats: z.array(z.string()),
  }),
  agents: z.array(
    z.object({ role: z.string(), variant: z.string(), instances: z.array(z.string()), messages: WholeCount }),
  ),
  models: z.object({ noLanguageModel: z.boolean().nullable(), sentence: z.string() }),
  sealing: z.object({ enforced: z.boolean().nullable(), sentence: z.string() }),
  bootstrap: z.object({ resamples: WholeCount, seed: WholeCount, confidence: z.number() }),
  sealed: SealedResults.nullable(),
  evidence: EvidenceFacts,
  studentModels: z.array(StudentModelFacts),
  datasets: z.array(DatasetFacts),
  /** Left out for a run that plans one attempt after the other from the best one. */
  search: SearchSteps.optional(),
  quality: z.array(DatasetQuality).default([]),
  mats: z.object({ attempts: WholeCount, validAttempts: WholeCount, value: z.number().nullable() }),
  failures: z.object({ attempts: failures, replies: failures }),
  budget: z.object({
    hoursUsed: z.number().nullable(),
    maxHours: z.number().nullable(),
    attemptsUsed: WholeCount,
    attempts: WholeCount.nullable(),
    candidatesAsked: WholeCount,
    candidateCapPerAttempt: WholeCount.nullable(),
    teacherCallsUsed: WholeCount,
    teacherCalls: WholeCount.nullable(),
    plannerCallsUsed: WholeCount.default(0),
    plannerCalls: WholeCount.nullable().default(null),
    /** Of all roles together, as the replies reported them. */
    inputTokens: WholeCount,
    outputTokens: WholeCount,
    tokens: WholeCount.nullable().default(null),
    /** US dollars for those tokens. Null: nothing was called, or the price of a model is not known. */
    price: z.number().nullable(),
    money: z.number().nullable().default(null),
    usage: z.array(UsageLine.extend({ money: z.number().nullable() })).default([]),
  }),
  time: z.object({
    wallSeconds: z.number().nullable(),
    phases: z.array(z.object({ phase: Phase, seconds: z.number() })),
    spans: z.array(WorkStretch),
  }),
  provenance: z.object({
    versions: z.record(z.string(), z.string()),
    seeds: z.array(z.object({ name: z.string(), value: z.string() })),
    hashes: z.array(z.object({ name: z.string(), sha256: Sha256 })),
  }),
  /** Two rows a skill of one attempt's dataset, drawn with the report's seed. */
  samples: z.object({ attempt: WholeCount, rows: z.array(Row) }).nullable(),
  badCases: z
    .object({
      studentModel: z.string(),
      cases: z.array(BadCase),
      /** Of an evaluator with an analyst: the causes that held, of so many hypotheses. */
      causes: z.array(FailureCause).optional(),
      hypotheses: WholeCount.optional(),
      analysisFault: z.string().optional(),
    })
    .nullable(),
})
export type ReportData = z.infer<typeof ReportData>
