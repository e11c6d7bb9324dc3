import { expect, test } from 'vitest'
import { until } from '../../support/nats.ts'
import { joinFile, useNodes } from '../../support/nodes.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

const nodes = useNodes()

test('a node that was revoked, its agents and a command with its users end with the reason and exit code 2; the run waits', async () => {
  const { folder, cluster, started } = nodes
  await using teacher = await startTeacherServer({ latencyMs: 500 })
  const asks = { OPENAI_BASE_URL: teacher.url, OPENAI_API_KEY: 'k-planted' }
  const topology = await folder.topology('impatient', { bus: { awayMs: 5000 } })
  const options = ['--rows', '1000', '--concurrency', '2', '--run-id', 'left', '--no-agents', '--topology', topology]
  const { args, env } = folder.written('left', teacher, options)
  const run = started(folder.command('left', args, { ...env, ...nodes.operator }))
  const node = (name: string, role: 'planner' | 'critic' | 'generator') =>
    nodes.startNode(name, [role], [`--${role}`, '1'], asks)
  const [steady, other, revoked] = [
    await node('one', 'planner'),
    await node('two', 'critic'),
    await node('three', 'generator'),
  ]
  const helping = {
    ...asks,
    NATS_URL: cluster.url,
    SYLLABUS_CREDENTIALS: await joinFile(folder.path, cluster, 'four', ['generator']),
  }
  const agent = started(folder.command('four', ['agent', 'generator', '--topology', topology], helping))
  const outputs = () => [run, steady, other, revoked, agent].map((each) => each.output()).join('\n--\n')
  await until('replies come', () => teacher.requests >= 4 || run.child.exitCode !== null, 60_000)
  await cluster.allow('generator', false)
  for (const each of [agent, revoked]) {
    expect(await each.ended, outputs()).toBe(2)
    expect(each.output()).toMatch(/refuses the user "generator-lab"[\s\S]*(credentials|revoked)/)
  }
  for (const name of ['three', 'four']) expect(await folder.pids(name)).toEqual([])
  expect(
    [run, steady, other].map(({ child }) => child.exitCode),
    outputs(),
  ).toEqual([null, null, null])
}, 240_000)
