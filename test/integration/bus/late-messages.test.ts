import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstream } from '@nats-io/jetstream'
import { connect, type MsgHdrs } from 'nats'
import { expect, test } from 'vitest'
import { PlannerState } from '../../../agents/planner/state.ts'
import type { Bus } from '../../../bus/mod.ts'
import { submitRun } from '../../../experiments/run/submit-run.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { StatusChanged } from '../../../schemas/messages/run.ts'
import { registry } from '../../../schemas/registry.ts'
import { Evidence } from '../../../schemas/run.ts'
import { loadTask } from '../../../tasks/load.ts'
import { startAgents } from '../../support/made-run.ts'
import { writeMiniTask } from '../../support/mini-task.ts'
import { type TestServer, until, withServer } from '../../support/nats.ts'

const runId = 'two-at-once'
const topology = await readTopology(defaultTopology)

/** Whether no agent has anything before it: each sends what follows from a message before it has done with it. */
async function isIdle(operator: Bus): Promise<boolean> {
  const work = Object.values(registry).filter((message) => message.kind === 'work')
  const counts = await Promise.all(
    work.map((message) => operator.waiting(message, topology.agents[message.to].variant)),
  )
  return counts.every((count) => count === 0)
}

/** What the log tells of a run apart from messages that were sent again, and the run's state. */
async function stateOf(operator: Bus) {
  const log = await Array.fromAsync(operator.log({ runId, follow: false, signal: AbortSignal.timeout(20_000) }))
  const again = /\.redrive-LAB-\d/
  // Whichever copy of a message came first, what follows from it is the same.
  const first = log
    .filter(({ id, to }) => !to || !again.test(id))
    .map((entry) => ({ ...entry, id: entry.id.replace(again, '') }))
  const state = (await operator.kv('runs', PlannerState).get(runId))!.value
  return {
    // A run's first message is named by a hash that holds when it was sent.
    ids: first.map(({ id }) => id.replace(/(?<=run-started):\w+/, '')).toSorted(),
    statuses: first.flatMap((entry) =>
      entry.name === StatusChanged.name ? [StatusChanged.schema.parse(entry.payload).status] : [],
    ),
    datasets: [...state.attempts, state.control!].map(({ datasetHash, validation }) => [datasetHash, validation]),
    ended: [state.status, state.phase],
  }
}

/** Hears a run's work messages in both logs, each once, and sends what it heard again under another id. */
async function openEcho(server: TestServer) {
  const { LAB, EXAM } = server.credentials.operator
  const heard: { subject: string; data: Uint8Array; headers: MsgHdrs; send: (tag: string) => Promise<unknown> }[] = []
  const links = await Promise.all([LAB!, EXAM!].map(({ user, pass }) => connect({ servers: server.url, user, pass })))
  const known = new Set<string>()
  const listen = (onHeard: (send: (tag: string) => Promise<unknown>) => void) => {
    for (const [at, nc] of links.entries()) {
      nc.subscribe(`${['run', 'exam'][at]}.${runId}.*.*.*`, {
        callback: (_, { subject, data, headers }) => {
          const id = headers?.get('Nats-Msg-Id') ?? ''
          if (!headers || id.includes('.redrive-') || known.has(id)) return
          known.add(id)
          const send = (tag: string) => {
            headers.set('Nats-Msg-Id', `${id}.redrive-LAB-${tag}`)
            return jetstream(nc).publish(subject, data, { msgID: `${id}.redrive-LAB-${tag}`, headers })
          }
          heard.push({ subject, data, headers, send })
          onHeard(send)
        },
      })
    }
    return Promise.all(links.map((nc) => nc.flush()))
  }
  return { heard, listen, close: () => Promise.all(links.map((nc) => nc.close())) }
}

test('two of every agent, each message three times, and all again after the end: the run is the one made in calm', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-late-'))
  const task = await loadTask(await writeMiniTask(join(folder, 'task')))
  async function play(isDisturbed: boolean) {
    await using server = await withServer()
    const end = new AbortController()
    const operator = await server.open('operator')
    const echo = await openEcho(server)
    const sent: Promise<unknown>[] = []
    await echo.listen((send) => {
      if (isDisturbed) for (const tag of ['1', '2']) sent.push(send(tag))
    })
    const agents = () => startAgents(server, { task, topology, end: end.signal })
    const hosted = [...(await agents()), ...(isDisturbed ? await agents() : [])]
    const evidence = Evidence.parse({ seeds: 1 })
    await submitRun(operator, task, topology, { runId, seed: 1, attempts: 1, evidence })
    const states = operator.kv('runs', PlannerState)
    await until('the end', async () => (await states.get(runId))?.value.phase === 'done', 120_000)
    if (isDisturbed) {
      await Promise.all(sent)
      await Promise.all(echo.heard.map(({ send }) => send('3')))
    }
    await until('nothing is left to work on', () => isIdle(operator), 60_000)
    const reported = { ...(await stateOf(operator)), dead: await operator.dead.list() }
    end.abort()
    await Promise.all([...hosted, echo.close()])
    return reported
  }

  const calm = await play(false)
  expect(calm).toMatchObject({ statuses: ['running', 'finished'], ended: ['finished', 'done'], dead: [] })
  expect(await play(true)).toEqual(calm)
  await rm(folder, { recursive: true, force: true })
}, 240_000)
