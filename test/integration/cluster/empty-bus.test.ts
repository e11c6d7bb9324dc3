import { join } from 'node:path'
import { expect, test } from 'vitest'
import { until } from '../../support/nats.ts'
import { useNodes } from '../../support/nodes.ts'

const nodes = useNodes()

async function streams(): Promise<string[]> {
  const { jsm, nc } = await nodes.cluster.link()
  const names = await Array.fromAsync(jsm.streams.names())
  await nc.close()
  return names
}

const noRun = /There is no run (to which this applies|a-run on this bus)\./
const operatorFile = () => join(nodes.folder.path, 'operator.node.json')

test.each<[string, () => string[], number, RegExp]>([
  ['status', () => ['status'], 0, /no runs[\s\S]*no agents are up/],
  ['cluster status', () => ['cluster', 'status'], 0, /none yet: the first run makes them/],
  ['cluster status of a file', () => ['cluster', 'status', operatorFile()], 0, /none yet: the first run makes them/],
  ['rows', () => ['rows'], 2, noRun],
  ['answers', () => ['answers'], 2, noRun],
  ['report', () => ['report'], 2, noRun],
  ['export', () => ['export', 'a-run'], 2, noRun],
  ['bundle', () => ['bundle', 'a-run'], 2, noRun],
  ['replay', () => ['replay'], 2, noRun],
  ['try', () => ['try', 'a-run', '--ask', 'What is 1 + 1?'], 2, noRun],
  ['dead letters', () => ['dead', 'list'], 0, /none|no dead letters|^$/i],
  ['a dead letter', () => ['dead', 'redrive', 'LAB-1'], 2, /there is no dead letter LAB-1/],
  ['pause', () => ['pause', 'a-run'], 2, noRun],
  ['resume', () => ['resume', 'a-run'], 2, noRun],
])(
  'a command that reads makes no streams on a bus without any: %s',
  async (_, words, code, shown) => {
    const command = nodes.started(nodes.folder.command('reader', words(), nodes.operator))
    expect(await command.ended, command.output()).toBe(code)
    expect(command.output()).toMatch(shown)
    expect(await streams()).toEqual([])
  },
  60_000,
)

test('the probe of a node says that there are no streams yet, and is right once there are', async () => {
  const node = await nodes.startNode('early', ['generator'], ['--generator', '1'], { SYLLABUS_TELEMETRY_PORT: '0' })
  await until('it waits', () => node.output().includes('no streams yet') || node.child.exitCode !== null, 30_000)
  const url = /metrics: (\S+)/.exec(node.output())?.[1] ?? ''
  const probe = async (path: string) => {
    const answer = await fetch(url.replace('/metrics', path))
    return { status: answer.status, text: await answer.text() }
  }
  expect(await probe('/readyz')).toEqual({
    status: 503,
    text: 'there are no streams yet: the first run makes them\n',
  })
  expect((await probe('/healthz')).status).toBe(200)
  expect((await probe('/metrics')).text).toMatch(/^syllabus_bus_connected 1$/m)
  const bus = await nodes.cluster.open('operator', 'cli')
  await bus.ensureTopology({ logMaxBytes: 1024 ** 2, logMaxAgeMs: 3_600_000, objectsMaxBytes: 1024 ** 2 })
  await until('it is ready', async () => (await probe('/readyz')).status === 200, 30_000)
  node.child.kill('SIGTERM')
  expect(await node.ended, node.output()).toBe(0)
}, 60_000)
