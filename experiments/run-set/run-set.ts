import { join } from 'node:path'
import { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import { reportJson, writeForms } from '../../evidence/report/mod.ts'
import { summaryHtml, summaryMarkdown } from '../../evidence/report/run-set/document.ts'
import { outcomeOf } from '../../evidence/report/run-set/outcome.ts'
import { summariseRuns } from '../../evidence/report/run-set/summary.ts'
import { sentencesOf } from '../../evidence/report/run-set/text.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { modelsOf, variantsIn } from '../../launcher/topology/models.ts'
import { boundTo } from '../../launcher/topology/queues.ts'
import { runsFolder } from '../../machine/folders.ts'
import { hashOf } from '../../schemas/hash.ts'
import { RunStarted } from '../../schemas/messages/run.ts'
import { Evidence, type RunConfig } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { readRun } from '../run/follow-run.ts'
import { resumeRun } from '../run/resume-run.ts'
import { type RunRequest, submitRun } from '../run/submit-run.ts'

export type Member = { runId: string; seed: number }

/** The runs of a set: equal in all but their seeds. */
export const membersOf = (set: string, seed: number, runs: number): Member[] =>
  Array.from({ length: runs }, (_, index) => ({ runId: `${set}-${index + 1}`, seed: seed + index }))

/**
 * Starts a run of a set, or goes on with it, so that the command of an interrupted set can be given again.
 * @throws UsageError when the run that is there is not this one
 */
export async function beginMember(
  bus: Bus,
  member: Member,
  { task, topology, request }: Asked,
): Promise<{ runId: string; fromSeq: number }> {
  const { runId } = member
  const held = await bus.kv('runs', PlannerState).get(runId)
  const config = held?.value.config ?? (await configOf(bus, runId))
  if (!config) return { runId: await submitRun(bus, task, topology, { ...request, ...member }), fromSeq: 1 }
  const isDone = held?.value.phase === 'done'
  const others = [
    ...differences(config, member, { task, topology, request }),
    ...(isDone ? [] : otherBinding(config, topology, request.own)),
  ]
  if (others.length > 0) {
    throw new UsageError(
      `There is a run ${runId} already, with ${others.map((what) => `another ${what}`).join(', ')}.`,
      'Give the options that it was begun with, or choose another name: --run-id for a set of runs, --name for a comparison.',
    )
  }
  return held ? resumeRun(bus, held.value) : { runId, fromSeq: 1 }
}

type Asked = { task: Task; topology: Topology; request: RunRequest }

/** In what a run differs from the one that is asked for: runs of a set are equal in all but their seeds. */
function differences(config: RunConfig, { seed }: Member, { task, topology, request }: Asked): string[] {
  const evidence = { ...config.evidence, references: [] }
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['seed', config.seed, seed],
    ['task', config.taskHash, task.sha256],
    ['purpose', config.comparison?.name, request.comparison?.name],
    ['number of attempts', config.attempts, request.attempts ?? topology.run.attempts],
    ['number of rows', config.rows, request.rows ?? topology.run.rows ?? task.rows.target],
    ['setting', config.setting, request.setting ?? config.setting],
    [
      'evidence (arms, seeds, submissions, retention, ladder or swap)',
      evidence,
      request.evidence ? Evidence.parse(request.evidence) : evidence,
    ],
    ['set of agents', config.variants, variantsIn(topology)],
    ['model', config.models, modelsOf(topology)],
  ]
  return pairs.flatMap(([what, is, wanted]) => (hashOf([is]) === hashOf([wanted]) ? [] : [what]))
}

/** Whether agents of the topology would be given the run's work. Runs of older versions do not keep theirs apart by models. */
function otherBinding({ addresses, queues, models }: RunConfig, topology: Topology, own?: string): string[] {
  const wanted = boundTo(topology, process.env, own)
  if (addresses === undefined && Object.keys(models).length > 0) return ['version of Syllabus']
  if (hashOf(addresses ?? {}) !== hashOf(wanted.addresses))
    return ['endpoint address (OPENAI_BASE_URL, or baseUrl in the topology)']
  return hashOf(queues ?? {}) === hashOf(wanted.queues)
    ? []
    : ['student, or place of its agents (its own, or those of a process that runs already)']
}

/** The settings of a run that no planner has taken up yet; null where there is no such run. */
async function configOf(bus: Bus, runId: string): Promise<RunConfig | null> {
  const started = (await readRun(bus, runId)).find(({ name }) => name === RunStarted.name)
  return started ? RunStarted.schema.parse(started.payload).config : null
}

/** Writes `runs/<set>/summary.{json,md,html}` from the logs of the set's runs. */
export async function writeSummary(
  bus: Bus,
  set: string,
  members: readonly Member[],
  reporter: Reporter,
): Promise<void> {
  const outcomes = []
  for (const member of members) outcomes.push(outcomeOf(member, await readRun(bus, member.runId)))
  const summary = summariseRuns(set, outcomes)
  const [html, md, json] = [summaryHtml(summary), summaryMarkdown(summary), reportJson(summary)]
  const paths = await writeForms(join(runsFolder(), set), 'summary', { html, md, json })
  for (const sentence of sentencesOf(summary)) reporter.line(sentence)
  reporter.line(`summary: ${paths.html}`)
  reporter.json({ type: 'summary', ...summary })
}
