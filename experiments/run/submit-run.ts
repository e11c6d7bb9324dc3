import { referenceRows } from '../../agents/kit/dedup/evaluation-items.ts'
import type { Bus } from '../../bus/mod.ts'
import { checkNew } from '../../launcher/shared-queues.ts'
import { modelsOf, pluginsIn, rowOptionsOf, variantsIn } from '../../launcher/topology/models.ts'
import { boundTo } from '../../launcher/topology/queues.ts'
import { kindOf } from '../../schemas/arm.ts'
import { hashOf } from '../../schemas/hash.ts'
import { RunStarted } from '../../schemas/messages/run.ts'
import { queuesOf } from '../../schemas/queue.ts'
import { type Evidence, RunConfig, type Setting } from '../../schemas/run.ts'
import { searchSettingsOf } from '../../schemas/search.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { publicView } from '../../tasks/load.ts'
import { retentionOf } from '../../tasks/read-retention.ts'
import type { PlannedEvidence } from './evidence.ts'

export type RunRequest = {
  runId?: string
  /** The run, or the set of runs, that the command starts agents for; left out where they run already. */
  own?: string | undefined
  seed: number
  attempts?: number
  rows?: number
  /** Left out by a run that makes data alone. */
  evidence?: PlannedEvidence
  /** Left out: seed where the task has a pool, as a program that is given may name it. */
  setting?: Setting
  /** Of a run that makes data alone. */
  generate?: RunConfig['generate']
  usableSources?: string[]
  /** Of a run that is part of a comparison. */
  comparison?: RunConfig['comparison']
  /** Of a run that is meant to be short. */
  quick?: boolean
}

const sealingNote = {
  enforced:
    'The server keeps answers, sealed questions and agents in three accounts without exports or imports. ' +
    'Agents of one machine share an operating-system user, so the task folder on its disk is not sealed from them.',
  open: 'This server has one account for everybody: nothing is sealed. Use the accounts that docs/operations.md describes.',
}

/** The name of a run, or of a set of runs, that was given none. */
export const nameByTime = (task: Task, at = new Date().toISOString()): string =>
  `${task.id}-${at.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-').toLowerCase()}`

/**
 * Puts the task on the bus, its sealed part into VAULT, and starts the run.
 * @throws UsageError for a run id used before
 */
export async function submitRun(bus: Bus, task: Task, topology: Topology, request: RunRequest): Promise<string> {
  const startedAt = new Date().toISOString()
  const runId = request.runId ?? nameByTime(task, startedAt)
  const setting = request.setting ?? (task.seeds.length > 0 ? 'seed' : 'scratch')
  const { attempts: defaultAttempts, rows: defaultRows, ...limits } = topology.run
  const search = searchSettingsOf(topology.run)
  const retentionSet = request.evidence?.retention ? await retentionOf(task) : undefined
  const whole = { ...task, retentionSet }
  const rows = request.rows ?? defaultRows ?? task.rows.target
  const config = RunConfig.safeParse({
    runId,
    seed: request.seed,
    attempts: request.attempts ?? defaultAttempts,
    rows,
    minimumRows: Math.min(task.rows.minimum, rows),
    variants: variantsIn(topology),
    ...pluginsIn(topology),
    models: modelsOf(topology),
    ...boundTo(topology, process.env, request.own),
    options: rowOptionsOf(topology),
    prices: topology.prices,
    limits,
    ...(search && !request.generate ? { search } : {}),
    taskHash: task.sha256,
    primary: task.scorer.primary,
    setting,
    publicTask: await bus.objects.putJson(
      'LAB',
      `task/${task.id}`,
      publicView(setting === 'seed' ? task : { ...task, seeds: [] }),
    ),
    sealedTask: await bus.objects.putJson('VAULT', `task/${task.id}`, whole),
    sealing: { enforced: bus.sealed, note: bus.sealed ? sealingNote.enforced : sealingNote.open },
    ...(request.evidence ? { evidence: await withReferences(bus, whole, request.evidence) } : {}),
    ...(request.generate ? { generate: request.generate } : {}),
    ...(request.usableSources?.length ? { usableSources: request.usableSources } : {}),
    ...(request.comparison ? { comparison: request.comparison } : {}),
    hooksAtOnce: true,
    ...(request.quick ? { quick: true } : {}),
    startedAt,
  })
  if (!config.success) {
    throw new UsageError(`The run cannot be started: ${config.error.issues[0]?.message}.`, 'Correct that option.')
  }
  await checkNew(bus, runId)
  const id = `run-started:${hashOf(config.data).slice(0, 16)}`
  await bus.publish(RunStarted, { runId, variant: queuesOf(config.data).planner, id }, { config: config.data })
  return runId
}

/** The evidence with the rows of the references that it has arms of on the bus. */
async function withReferences(bus: Bus, task: Task, evidence: PlannedEvidence): Promise<Evidence> {
  const references: Evidence['references'] = []
  if (!evidence.arms.some((arm) => kindOf(arm) === 'reference')) return { ...evidence, references }
  for (const { arm, rows, refused } of referenceRows(task)) {
    if (!evidence.arms.includes(arm)) continue
    references.push({ arm, rows: await bus.objects.putLines('LAB', `task/${task.id}`, rows), refused })
  }
  return { ...evidence, references }
}
