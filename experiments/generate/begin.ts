import { join } from 'node:path'
import { z } from 'zod'
import { buildContaminationIndex } from '../../agents/kit/dedup/contamination.ts'
import { evaluationItems } from '../../agents/kit/dedup/evaluation-items.ts'
import { wasUsable } from '../../agents/kit/metered/usable-sources.ts'
import { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import type { BusServer } from '../../launcher/bus-server.ts'
import { askedBy } from '../../launcher/topology/endpoints.ts'
import { modelsOf } from '../../launcher/topology/models.ts'
import { boundTo } from '../../launcher/topology/queues.ts'
import { homeFolder } from '../../machine/folders.ts'
import { readState, StateFileError, writeWhole } from '../../machine/state-file.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { Program } from '../../schemas/program.ts'
import { RunConfig, type RunLimits } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import { TeacherLimits } from '../../schemas/teacher.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { lastOf, resumeWithDeadLetters } from '../run/resume-run.ts'
import { submitRun } from '../run/submit-run.ts'
import { begunFile } from './out-folder.ts'

/** What a folder was begun with, so that the same command goes on with it. */
const Begun = RunConfig.pick({ runId: true, addresses: true, queues: true }).extend({
  asked: z.string(),
  /** Nothing is left to do. */
  done: z.boolean().default(false),
})
export type Begun = z.infer<typeof Begun>

export type WantedRows = {
  task: Task
  program: Program
  topology: Topology
  out: string
  seed: number
  /** Of a folder that is new. */
  runId: string
  /** Limits that the command names itself. */
  named: NamedLimits
}

/**
 * What the folder was begun with; null for a new folder.
 * @throws UsageError when it was begun with other settings
 */
export async function begunIn(wanted: WantedRows): Promise<Begun | null> {
  const file = join(wanted.out, begunFile)
  const begun = await readState(file, Begun, '').catch((error: unknown) => {
    if (!(error instanceof StateFileError)) throw error
    throw new UsageError(`${file} does not say which run it was begun with.`, lostRun(wanted.out))
  })
  if (!begun) return null
  if (begun.asked === askedHash(wanted)) return begun
  throw new UsageError(
    `${wanted.out} holds run ${begun.runId}, which was begun with another task, program, number of rows, model or seed.`,
    'Give the same options to go on with it, or another --out.',
  )
}

/** That file alone says which run a folder belongs to; the rows are on the bus all the same. */
const lostRun = (out: string) =>
  `"npx syllabus status" lists the runs, and "npx syllabus export <run>" writes what one made. To make rows anew, give another --out than ${out}.`

function askedHash({ task, program, topology, seed }: WantedRows): string {
  const { generator: model = null, critic: judge = model } = modelsOf(topology)
  return hashOf({ task: task.sha256, program, seed, model, ...(judge === model ? {} : { judge }) })
}

/** Starts the run of a folder, or goes on with it; gives the place of the log to follow from. @throws UsageError where its run is gone */
export async function beginGeneration(
  bus: Bus,
  server: BusServer,
  wanted: WantedRows,
): Promise<{ runId: string; fromSeq: number }> {
  const { task, program, topology, out, seed, named } = wanted
  const begun = (await begunIn(wanted))?.runId ?? null
  const state = begun ? ((await bus.kv('runs', PlannerState).get(begun))?.value ?? null) : null
  if (begun && ((await bus.runs()).includes(begun) || state)) {
    const goesOn = state !== null && !isFinal(state)
    const fromSeq = goesOn
      ? await resumeWithDeadLetters(bus, state, limitsFor(state, topology, named))
      : await lastOf(bus, begun)
    return { runId: begun, fromSeq }
  }
  if (begun) {
    throw new UsageError(
      `${out} holds run ${begun}, which is not in this home (${homeFolder()}).`,
      'Set SYLLABUS_HOME to the home that it was begun in, or give another --out to pay for new rows.',
    )
  }
  const key = Buffer.from(await server.contaminationKey(), 'hex')
  const index = buildContaminationIndex(evaluationItems(task), key)
  const contamination = await bus.objects.put('LAB', 'contamination', index)
  const rows = program.sources.reduce((sum, source) => sum + source.rows, 0)
  const usableSources = await usableLately(bus, wanted)
  const generate = { program, contamination }
  const request = { seed, rows, generate, usableSources, runId: wanted.runId, own: wanted.runId }
  const runId = await submitRun(bus, task, topology, request)
  const { student: _none, ...bound } = boundTo(topology, process.env, runId)
  await keepBegun(wanted, { runId, asked: askedHash(wanted), done: false, ...bound })
  return { runId, fromSeq: 1 }
}

/** The sources of a program that its model gave usable replies to a short while before. */
async function usableLately(bus: Bus, { program, topology }: WantedRows): Promise<string[]> {
  const asked = askedBy(topology, process.env).find(({ role }) => role === 'generator')
  const prompts = program.sources.filter((source) => source.kind === 'prompt')
  if (!asked?.model || topology.run.aheadCalls === 0) return []
  const { endpoint, model } = asked
  const { capabilitiesMs } = TeacherLimits.strip().parse(topology.agents.generator.options)
  const usable = await Promise.all(prompts.map((source) => wasUsable(bus, { endpoint, model, source }, capabilitiesMs)))
  return prompts.filter((_, index) => usable[index]).map(({ id }) => id)
}

export const keepBegun = ({ out }: Pick<WantedRows, 'out'>, begun: Begun): Promise<void> =>
  writeWhole(join(out, begunFile), `${JSON.stringify(begun, null, 2)}\n`)

/** Limits that a command names by options of its own. */
type NamedLimits = { candidateCap?: number | undefined }

/** Whether the same command has nothing more to do: the rows are there, or the program is at fault. */
export const isFinal = ({ phase, stopReason }: Pick<PlannerState, 'phase' | 'stopReason'>): boolean =>
  phase === 'done' && (stopReason === 'rows-complete' || stopReason === 'program-raised')

/**
 * The limits under which a run goes on: what the command or its topology names; else what the run has, so that no limit is lifted by
 * leaving it out. Rounds count from here, and so do hours, which the planner counts.
 */
export function limitsFor(
  { config, attempts }: Pick<PlannerState, 'config' | 'attempts'>,
  { run }: Topology,
  { candidateCap }: NamedLimits,
): RunLimits {
  const { limits } = config
  return {
    ...limits,
    candidateCap: candidateCap ?? limits.candidateCap,
    maxRounds: (attempts[0]?.round ?? 0) + run.maxRounds,
    maxHours: run.maxHours,
    attemptHours: run.attemptHours ?? limits.attemptHours,
    teacherCalls: run.teacherCalls ?? limits.teacherCalls,
    attemptCalls: run.attemptCalls ?? limits.attemptCalls,
    modelCalls: { ...limits.modelCalls, ...run.modelCalls },
    tokens: run.tokens ?? limits.tokens,
    money: run.money ?? limits.money,
  }
}
