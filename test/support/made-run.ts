import { critic } from '../../agents/critic/agent.ts'
import { evaluator } from '../../agents/evaluator/agent.ts'
import { generator } from '../../agents/generator/agent.ts'
import type { AgentModule } from '../../agents/kit/agent.ts'
import { hostAgent } from '../../agents/kit/host.ts'
import { createLog } from '../../agents/kit/log.ts'
import { planner } from '../../agents/planner/agent.ts'
import type { Bus } from '../../bus/mod.ts'
import { type RunRequest, submitRun } from '../../experiments/run/submit-run.ts'
import { StatusChanged } from '../../schemas/messages/run.ts'
import type { AgentRole } from '../../schemas/role.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import type { TestServer } from './nats.ts'
import { openQueues } from './queues.ts'
import { openStudent } from './stand-in-student.ts'

type Asked = { task: Task; topology: Topology; request: RunRequest; refusesOnce?: string }

/** One real agent of each role on a real bus; the student alone is a stand-in. Gives what is to be awaited once `end` has fired. */
export async function startAgents(
  server: TestServer,
  { task, topology, end, refusesOnce }: Omit<Asked, 'request'> & { end: AbortSignal },
): Promise<Promise<void>[]> {
  const queues = await openQueues(server, topology)
  const host = <R extends AgentRole>(module: AgentModule<R>): Promise<void> => {
    const { role } = module
    const { variant, options, plugin } = topology.agents[role]
    const launch = {
      ...{ role, variant, instance: `${role}-1`, slots: 1, options, delivery: {}, environment: {}, drainMs: 1000 },
      ...{ graceMs: 1000, bus: topology.bus },
      ...{ credentials: server.credentials[role], servers: server.url, sealed: true, home: server.storeDir },
      queue: queues[role],
      ...(plugin && { plugin: { ...plugin, limits: topology.plugins } }),
      contaminationKey: role === 'critic' || role === 'evaluator' ? 'ab'.repeat(32) : null,
    }
    return hostAgent(module, launch, createLog({ role }, { level: 'silent' }), end)
  }
  await openStudent(server, task, end, { refusesOnce })
  return [host(planner), host(generator), host(critic), host(evaluator)]
}

/** A whole run on a real bus; what its student refuses once is sent again. Gives the operator's bus once it is finished. */
export async function madeRun(server: TestServer, { task, topology, request, refusesOnce }: Asked): Promise<Bus> {
  const end = new AbortController()
  const hosted = await startAgents(server, { task, topology, end: end.signal, refusesOnce })
  const operator = await server.open('operator')
  const runId = await submitRun(operator, task, topology, request)
  const reported: string[] = []
  for await (const { name, payload } of operator.log({ runId, follow: true, signal: AbortSignal.timeout(60_000) })) {
    reported.push(`${name} ${JSON.stringify(payload).slice(0, 200)}`)
    const status = name === StatusChanged.name ? StatusChanged.schema.parse(payload).status : null
    if (status === 'faulted' && refusesOnce)
      for (const { id } of await operator.dead.list()) await operator.dead.redrive(id)
    if (status !== 'finished') continue
    end.abort()
    await Promise.all(hosted)
    return operator
  }
  throw new Error(`run ${runId} did not finish:\n${reported.slice(-5).join('\n')}`)
}
