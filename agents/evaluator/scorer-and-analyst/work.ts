import { z } from 'zod'
import { TerminalError } from '../../../bus/mod.ts'
import { FailureCause } from '../../../schemas/guidance.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Report } from '../../../schemas/messages/evaluation.ts'
import type { Task } from '../../../schemas/task.ts'
import { Spent } from '../../../schemas/usage.ts'
import { openSandbox } from '../../../tasks/sandbox/sandbox.ts'
import type { AgentContext } from '../../kit/agent.ts'
import { meteredOptions, openMeteredWork } from '../../kit/metered/work.ts'
import type { Graded } from '../scorer/grading.ts'
import { findCauses } from './graph.ts'
import { AnalystOptions } from './options.ts'

/** What a model named, counted, by the part of validation that it was shown: all of it, or a half. */
const StoredAnalysis = z.object({
  parts: z.record(
    z.string(),
    z.object({
      fault: z.string().nullable(),
      shown: z.array(z.string()),
      hypotheses: z.array(FailureCause.extend({ holds: z.boolean(), fault: z.string().optional() })),
    }),
  ),
  spent: Spent,
})
export type StoredAnalysis = z.infer<typeof StoredAnalysis>

/** What a report says of an analysis beside the causes that hold. */
export function analysisSummary({ parts, spent }: StoredAnalysis): NonNullable<PayloadOf<typeof Report>['analysis']> {
  const faults = Object.values(parts).flatMap(({ fault }) => fault ?? [])
  const hypotheses = Object.values(parts).reduce((sum, part) => sum + part.hypotheses.length, 0)
  const shown = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, part.shown]))
  return { hypotheses, ...(faults.length > 0 && { fault: faults.join('; ') }), shown, spent }
}

export type AnalysisRequest = {
  runId: string
  studentModel: string
  task: Task
  /** The graded items of each part. */
  parts: Readonly<Record<string, readonly Graded[]>>
  /** HTTP requests that it may make. */
  maxCalls: number
  signal: AbortSignal
}

export type Analyst = AsyncDisposable & { analyse(asked: AnalysisRequest): Promise<StoredAnalysis> }

/** Reasons are what a model is most sure of. */
const temperature = 0

/**
 * The analyst of a process: what one student model got wrong is one piece of metered work.
 * N1  It sees validation alone; what is sealed never comes near it.
 * N2  Without a call left, or with an endpoint that refuses, a report says so and has no causes: the search goes on by its scores.
 */
export async function openAnalyst(context: AgentContext): Promise<Analyst> {
  const { bus } = context
  const options = meteredOptions(context, AnalystOptions)
  const sandbox = openSandbox(options.sandbox)
  const buckets = { role: 'evaluator', records: 'analyses', journal: 'analysis-journal' } as const
  const metered = await openMeteredWork(context, buckets, options, (ref) => bus.objects.getJson(ref, StoredAnalysis))

  async function work({
    runId,
    studentModel,
    task,
    parts,
    maxCalls,
    signal,
  }: AnalysisRequest): Promise<StoredAnalysis> {
    const { value } = await metered({
      key: `${runId}.${studentModel}`,
      runId,
      maxCalls,
      signal,
      async make(call, spent) {
        const made: StoredAnalysis['parts'] = {}
        for (const [name, graded] of Object.entries(parts)) {
          const deps = { call, name, task, mode: task.scorer.primary, sandbox, limits: options, temperature }
          made[name] = await findCauses(graded, deps, signal)
        }
        const analysis = { parts: made, spent: spent() }
        return { stored: await bus.objects.putJson('LAB', `${runId}/analysis`, analysis), value: analysis }
      },
    })
    return value
  }

  return {
    async analyse(asked) {
      const unasked = (fault: string): StoredAnalysis => ({
        parts: Object.fromEntries(Object.keys(asked.parts).map((name) => [name, { fault, shown: [], hypotheses: [] }])),
        spent: { calls: 0, inputTokens: 0, outputTokens: 0 },
      })
      if (asked.maxCalls <= 0) return unasked('no call of the analyst is left')
      return work(asked).catch((error: unknown) => {
        if (!(error instanceof TerminalError)) throw error
        context.log.warn({ run: asked.runId, error: error.message }, 'the analyst was not asked')
        return unasked(error.message)
      })
    },
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  }
}
