import { createReporter } from '../../launcher/console/reporter.ts'
import { findSession } from '../../launcher/live-session.ts'
import { type LocalModel, localModelOf, serveLocalModel } from '../../launcher/local-teacher.ts'
import { type Overrides, withOverrides, withoutAgents } from '../../launcher/topology/overrides.ts'
import { servingLocally } from '../../launcher/topology/queues.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { keepsLimits } from '../../launcher/topology/topology-names.ts'
import { boundTopology, topologyOfRun } from '../../launcher/topology/topology-of-run.ts'
import { withLocalModel } from '../../launcher/topology/with-model.ts'
import { withBus } from '../../launcher/with-bus.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { checkTrackers, type TrackerName } from '../../trackers/mod.ts'
import { fitPlanner } from '../checks/check-context.ts'
import { checkModels } from '../checks/check-models.ts'
import { resumeAgain } from './command-again.ts'
import { pickRun } from './pick-run.ts'
import { resumeRun } from './resume-run.ts'
import { runSession } from './run-session.ts'

type ResumeOptions = Pick<Overrides, 'planner'> & {
  topology: string
  model?: string
  teacher?: string
  moved: boolean
  tracker?: TrackerName[]
  agents: boolean
  json: boolean
}

/**
 * Goes on with the run named, or the only unfinished one, to its end, with agents of its own where none are up.
 * @throws UsageError for a run that another command goes on with, and those of `pickRun` and `ownTopology`
 */
export async function resumeSession(named: string | undefined, options: ResumeOptions): Promise<void> {
  checkTrackers(options.tracker ?? [])
  const written = withOverrides(await readTopology(options.topology), options)
  const state = await withBus((bus) => pickRun(bus, named, ({ phase }) => phase !== 'done'), { mayFetch: true })
  if (state.config.generate) {
    throw new UsageError(
      `Run ${state.config.runId} makes rows alone.`,
      'Give the same "syllabus generate" command with the same --out again.',
    )
  }
  if (state.config.comparison) {
    throw new UsageError(
      `Run ${state.config.runId} is part of the comparison ${state.config.comparison.name}.`,
      `Give its "syllabus compare" command again, with --name ${state.config.comparison.name}.`,
    )
  }
  // Where a session runs already, its agents are those that go on; a finished run needs none.
  const local = localModelOf(options.teacher, written)
  const served = local ? withLocalModel(written, local.name) : written
  const needsAgents = state.phase !== 'done' && !(await findSession())
  const planned = needsAgents ? ownTopology(served, state.config, options, local) : written
  const reporter = createReporter({ json: options.json })
  await using _serving = local && (await serveLocalModel(local, planned, reporter))
  const checked = options.agents ? planned : withoutAgents(planned)
  const topology = needsAgents ? fitPlanner(planned, await checkModels(checked)) : planned
  process.exitCode = await runSession(topology, reporter, {
    starts: [(bus) => resumeRun(bus, state)],
    elsewhere: !options.agents,
    trackers: options.tracker ?? [],
    keep: keepsLimits(options.topology),
    ...(state.phase === 'done' && { roles: [] }),
    ...(needsAgents && { goesOn: state.config }),
    needs: state.phase === 'done' ? null : () => state.config,
    resumeCommand: resumeAgain(options),
  })
}

/**
 * The topology with the run's own models, where it asks them.
 * @throws UsageError for other agents, another model or another address
 */
function ownTopology(
  topology: Topology,
  config: RunConfig,
  { model, moved: isMoved }: ResumeOptions,
  local: LocalModel | null,
): Topology {
  const env = local ? servingLocally(process.env) : process.env
  return boundTopology(topologyOfRun(topology, config, local?.name ?? model), config, { env, isMoved })
}
