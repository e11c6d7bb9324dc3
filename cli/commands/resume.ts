import { type Command, Option } from 'commander'
import { agentRoles } from '../../schemas/role.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { Topology } from '../../schemas/topology.ts'
import { PayingRole } from '../../schemas/usage.ts'
import { checkModels, withLocalModel, withModel } from '../check-models.ts'
import { conduct } from '../conduct.ts'
import { UsageError } from '../errors.ts'
import { findSession } from '../live-session.ts'
import { localModelOf, serveLocalModel, teacherOption } from '../local-teacher.ts'
import { pickRun } from '../pick-run.ts'
import { createReporter } from '../progress.ts'
import { resumeRun } from '../resume-run.ts'
import { defaultTopology, readTopology } from '../topology-file.ts'
import { withBus } from '../with-bus.ts'

type Options = { topology: string; model?: string; teacher?: string; json: boolean }

export function registerResume(program: Command): void {
  program
    .command('resume')
    .description('go on with a run that was stopped, interrupted or waits after a fault; nothing is trained again')
    .argument('[run]', 'run id; may be left out when only one is unfinished')
    .option('--topology <file>', 'which agents run, and their limits', defaultTopology)
    .addOption(new Option('--model <name>', "language model of planner and teacher (default: the run's)"))
    .addOption(teacherOption())
    .option('--json', 'JSON lines instead of text', false)
    .action(async (named: string | undefined, options: Options) => {
      const written = await readTopology(options.topology)
      const state = await withBus((bus) => pickRun(bus, named, ({ phase }) => phase !== 'done'))
      // Where a session runs already, its agents are those that go on.
      const local = localModelOf(options.teacher, written)
      const served = local ? withLocalModel(written, local.name) : written
      const topology = (await findSession()) ? written : fitting(served, state.config, local?.name ?? options.model)
      const reporter = createReporter({ json: options.json })
      await using _serving = local && (await serveLocalModel(local, topology, reporter))
      if (state.phase !== 'done') await checkModels(topology)
      process.exitCode = await conduct(topology, reporter, (bus) => resumeRun(bus, state))
    })
}

/** The topology with the run's own models. Errors: UsageError when its agents are not those that the run's messages are for. */
function fitting(topology: Topology, { runId, variants, models, generate }: RunConfig, model?: string): Topology {
  if (generate) {
    throw new UsageError(
      `Run ${runId} makes rows alone.`,
      'Give the same "syllabus generate" command with the same --out again.',
    )
  }
  const other = agentRoles.find((role) => topology.agents[role].variant !== variants[role])
  if (other) {
    throw new UsageError(
      `Run ${runId} works with the ${other} "${variants[other]}", and topology ${topology.name} has "${topology.agents[other].variant}".`,
      'Name the topology that it was started with: --topology <file>.',
    )
  }
  const strange = Object.values(models).find((own) => model !== undefined && own !== model)
  if (strange !== undefined) {
    throw new UsageError(
      `Run ${runId} asks the model "${strange}": its journal, its limits and its prices are that model's.`,
      'Leave --model out to go on with it, or start another run.',
    )
  }
  const { agents: written, ...rest } = withModel(topology, model)
  const agents = { ...written }
  for (const role of PayingRole.options) {
    const own = models[role]
    if (own !== undefined) agents[role] = { ...agents[role], options: { ...agents[role].options, model: own } }
  }
  return { ...rest, agents }
}
