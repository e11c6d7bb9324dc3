import { type Command, Option } from 'commander'
import { fitPlanner } from '../../experiments/checks/check-context.ts'
import { checkModels } from '../../experiments/checks/check-models.ts'
import { pickRun, resumeAgain, resumeRun } from '../../experiments/run/resume-run.ts'
import { runSession } from '../../experiments/run/run-session.ts'
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
import { runId } from '../options/option-parsers.ts'
import { movedOption, noAgentsOption, plannerOption, teacherOption, topologyOption } from '../options/shared-options.ts'

type Options = Pick<Overrides, 'planner'> & {
  topology: string
  model?: string
  teacher?: string
  moved: boolean
  agents: boolean
  json: boolean
}

export function registerResume(program: Command): void {
  program
    .command('resume')
    .description('go on with a run that was stopped, interrupted or waits after a fault; nothing is trained again')
    .argument('[run]', 'run id; may be left out when only one is unfinished', runId)
    .addOption(topologyOption('which agents run, and their limits'))
    .addOption(plannerOption())
    .addOption(new Option('--model <name>', "language model of planner and teacher (default: the run's)"))
    .addOption(teacherOption())
    .addOption(movedOption())
    .addOption(noAgentsOption())
    .option('--json', 'JSON lines instead of text', false)
    .action(async (named: string | undefined, options: Options) => {
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
      const elsewhere = !options.agents
      const checked = elsewhere ? withoutAgents(planned) : planned
      const topology = needsAgents ? fitPlanner(planned, await checkModels(checked)) : planned
      process.exitCode = await runSession(topology, reporter, {
        starts: [(bus) => resumeRun(bus, state)],
        elsewhere,
        keep: keepsLimits(options.topology),
        ...(state.phase === 'done' && { roles: [] }),
        ...(needsAgents && { goesOn: state.config }),
        needs: state.phase === 'done' ? null : () => state.config,
        resumeCommand: resumeAgain(options),
      })
    })
}

/**
 * The topology with the run's own models, where it asks them.
 * @throws UsageError for other agents, another model or another address
 */
function ownTopology(
  topology: Topology,
  config: RunConfig,
  { model, moved: isMoved }: Options,
  local: LocalModel | null,
): Topology {
  const env = local ? servingLocally(process.env) : process.env
  return boundTopology(topologyOfRun(topology, config, local?.name ?? model), config, { env, isMoved })
}
