import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { Argument, type Command, Option } from 'commander'
import { createLog } from '../../agents/kit/log.ts'
import { agentSpec } from '../../launcher/agent-spec.ts'
import { openCluster } from '../../launcher/cluster.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { findSession } from '../../launcher/live-session.ts'
import { checkLogins, connectAs, prepareBus } from '../../launcher/session.ts'
import { supervise } from '../../launcher/supervisor.ts'
import { knowLocal, queuesIn } from '../../launcher/topology/queues.ts'
import { defaultTopology, readTopology } from '../../launcher/topology/topology-file.ts'
import { withModel } from '../../launcher/topology/with-model.ts'
import { watchTroubles } from '../../launcher/troubles.ts'
import { joinedCluster } from '../../launcher/with-bus.ts'
import { checkTemporary, homeFolder } from '../../machine/folders.ts'
import { printable } from '../../schemas/printable.ts'
import { type AgentRole, agentRoles } from '../../schemas/role.ts'
import { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'

export function registerAgent(program: Command): void {
  program
    .command('agent')
    .description('join a bus with one more agent: this is how one scales out by hand')
    .addArgument(new Argument('<role>', 'kind of agent').choices([...agentRoles]))
    .option('--variant <name>', "the role's variant (default: the topology's)")
    .option('--topology <file>', 'limits and options', defaultTopology)
    .addOption(new Option('--model <name>', 'language model, where the agent asks one').env('TEACHER_MODEL'))
    .action(async (role: AgentRole, options: { variant?: string; topology: string; model?: string }) => {
      const written = await readTopology(options.topology)
      const named = options.variant ? withVariant(written, role, options.variant) : written
      const topology = withModel(named, options.model)
      const log = createLog({ role: 'supervisor', instance: String(process.pid) })
      const home = homeFolder()
      checkTemporary()
      const cluster = process.env.NATS_URL
        ? await openCluster({ home, log, onProgress: (line) => console.error(line), limits: topology.bus })
        : await joinedCluster(home)
      if (!cluster) {
        throw new UsageError(
          'There is no bus to join.',
          'Start one with "npx syllabus up", or set NATS_URL (and SYLLABUS_CREDENTIALS).',
        )
      }
      if (!process.env.NATS_URL) knowLocal(await findSession())
      const queue = queuesIn(topology, process.env)[role]
      const stop = stopSignal()
      const line = (text: string) => console.error(printable(text))
      checkLogins(cluster, [role])
      // What is wrong with the bus is shown here, at once; an agent's process would only be started again and again.
      const watcher = cluster.credentials.operator?.LAB ? 'operator' : role
      await using bus = await connectAs(watcher, cluster, log, { line, signal: stop })
      if (watcher === 'operator') await prepareBus(bus, topology, { keep: true, variants: { [role]: [queue] } })
      const instance = `${role}-${hostname()}-${randomBytes(4).toString('hex')}`
        .toLowerCase()
        .replaceAll(/[^a-z0-9-]/g, '-')
      await using watch = watchTroubles(bus, { line, only: instance })
      const agentSpecs = [agentSpec(role, instance, topology, Promise.resolve(cluster), queue)]
      const supervisor = supervise(agentSpecs, topology.supervisor, {
        log,
        stderr: 'inherit',
        logs: 'the lines above',
        onEnded: watch.ended,
      })
      try {
        await Promise.race([stop.aborted ? Promise.resolve() : once(stop, 'abort'), supervisor.failed])
      } finally {
        await supervisor.stop()
      }
    })
}

function withVariant(topology: Topology, role: AgentRole, variant: string): Topology {
  const changed = { ...topology, agents: { ...topology.agents, [role]: { ...topology.agents[role], variant } } }
  const parsed = Topology.safeParse(changed)
  if (parsed.success) return parsed.data
  throw new UsageError(
    parsed.error.issues[0]?.message ?? `variant ${variant} cannot be used`,
    'Name one that there is.',
  )
}
