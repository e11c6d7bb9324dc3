import { once } from 'node:events'
import { createReporter } from '../../launcher/console/reporter.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { announceSession, findSession } from '../../launcher/live-session.ts'
import { localModelOf, serveLocalModel } from '../../launcher/local-teacher.ts'
import { openSession } from '../../launcher/session.ts'
import { type Overrides, withOverrides, withoutAgents } from '../../launcher/topology/overrides.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { keepsLimits } from '../../launcher/topology/topology-names.ts'
import { withNamedModel } from '../../launcher/topology/with-model.ts'
import { createTryPanel } from '../../models/panel.ts'
import { plural } from '../../schemas/number-text.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { fitPlanner } from '../checks/check-context.ts'
import { checkModels } from '../checks/check-models.ts'
import { createRunReader } from '../inspect/run-reader.ts'
import { runOnThem } from './command-again.ts'

type UpOptions = Overrides & { topology: string; model?: string; teacher?: string; agents: boolean; json: boolean }

/**
 * Starts the server, the agents and the page, and keeps them up until it is interrupted or one of them fails.
 * @throws UsageError where agents are up already
 */
export async function up(options: UpOptions): Promise<void> {
  const { topology: file, model, teacher } = options
  const running = await findSession()
  if (running) throw new UsageError(`Process ${running.pid} runs the agents already.`, 'Use it, or stop it first.')
  const reporter = createReporter({ json: options.json })
  const read = withOverrides(await readTopology(file), options)
  const local = localModelOf(teacher, read)
  const planned = withNamedModel(read, local, model)
  await using _served = local && (await serveLocalModel(local, planned, reporter))
  const elsewhere = !options.agents
  const topology = fitPlanner(planned, await checkModels(elsewhere ? withoutAgents(planned) : planned))
  const stop = stopSignal()
  const how = { elsewhere, keep: keepsLimits(file), tryPanel: createTryPanel, runReader: createRunReader, signal: stop }
  await using session = await openSession(topology, reporter, how)
  await using _announced = await announceSession(session, topology)
  reporter.line(
    `${session.agents.length} ${plural(session.agents.length, 'agent is', 'agents are')} up; live page: ${session.pageUrl}`,
  )
  reporter.json({ type: 'page', url: session.pageUrl, agents: session.agents.length })
  reporter.line(`start a run from another terminal: ${runOnThem(options)}`)
  const stopped = stop.aborted ? Promise.resolve() : once(stop, 'abort')
  await Promise.race([stopped, session.failed])
}
