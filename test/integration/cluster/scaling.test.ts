import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { expect, test } from 'vitest'
import { NodePresence } from '../../../cluster/node/presence.ts'
import { codeVersion, workVersion } from '../../../launcher/code-version.ts'
import { variantsIn } from '../../../launcher/topology/models.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { WantedAgents } from '../../../launcher/wanted-agents.ts'
import { pidsWith } from '../../support/generate.ts'
import { linkedHome } from '../../support/linked-home.ts'
import { until } from '../../support/nats.ts'
import { useNodes } from '../../support/nodes.ts'
import { startTeacherServer } from '../../support/teacher-server.ts'

const world = useNodes({ topology: true })

test('generators of a node come with the backlog, all but one go while little is left, and all with the run', async () => {
  const { folder, cluster, started } = world
  // The last prompts take long, so that a shard or two are left when all others are done.
  let asked = 0
  await using teacher = await startTeacherServer({ latencyMs: () => (++asked > 200 ? 15_000 : 20) })
  const scaling = { lookMs: 200, step: 2, quietMs: 3000 }
  const patient = { teacher: { minTimeoutMs: 60_000 } }
  const topology = await folder.topology('scaled', { run: { shardSize: 5 }, scaling, ...patient })
  const rolesOf = ['planner', 'critic', 'generator'] as const
  const counts = ['--planner', '1', '--critic', '1', '--generator', '1..4']
  const at = { OPENAI_BASE_URL: teacher.url, OPENAI_API_KEY: 'k-planted' }
  const node = await world.startNode('scaled', rolesOf, counts, at)
  const fixed = ['--rows', '200', '--concurrency', '8', '--generators', '4', '--run-id', 'scaled', '--no-agents']
  const { args, env } = folder.written('asks', teacher, [...fixed, '--topology', topology])
  const command = started(folder.command('asks', args, { ...env, ...world.operator }))
  const seen: number[] = []
  const nodes = (await cluster.open('operator', 'cli')).kv('nodes', NodePresence)
  const end = new AbortController()
  const following = (async () => {
    for await (const { value } of nodes.watch(end.signal)) {
      const now = value?.roles.generator?.now
      if (now !== undefined && now !== seen.at(-1)) seen.push(now)
    }
  })()
  expect(await command.ended, `${command.output()}\n${node.output()}\n${seen}`).toBe(0)
  await until('all are gone', async () => (await folder.agentPids('scaled', 'generator')).length === 0, 60_000)
  await until('it is seen', () => seen.at(-1) === 0, 20_000)
  end.abort()
  await following
  expect((await folder.outcomeOf('asks')).rows).toBe(200)
  const top = seen.indexOf(4)
  expect(top, `${seen}`).toBeGreaterThan(0)
  // Never fewer on the way up, never more on the way down, and one was left before the run was over.
  expect(seen.slice(0, top + 1)).toEqual(seen.slice(0, top + 1).toSorted())
  expect(seen.slice(top)).toEqual(seen.slice(top).toSorted().toReversed())
  expect(seen.slice(top)).toContain(1)
}, 240_000)

test('each GPU of a host has a trainer-bridge that sees it alone', async () => {
  const { folder, cluster, started } = world
  const bin = join(folder.path, 'bin')
  await mkdir(bin)
  const gpus = ['GPU-11111111-aaaa', 'GPU-22222222-bbbb']
  const lines = gpus.map((id, index) => `echo "GPU ${index}: NVIDIA H200 (UUID: ${id})"`)
  await writeFile(join(bin, 'nvidia-smi'), `#!/bin/sh\n${lines.join('\n')}\n`)
  await chmod(join(bin, 'nvidia-smi'), 0o755)
  const home = join(folder.path, 'gpus-home')
  await linkedHome(home)
  const topology = await readTopology(defaultTopology)
  const value: WantedAgents = {
    ...{ name: 'other', roles: ['trainer-bridge'], topologies: [topology], queues: variantsIn(topology) },
    ...{ plannerQueues: [], addresses: {}, inference: {}, cluster: null, keyMark: null, studentHash: null },
    ...{ code: codeVersion(), work: workVersion(), layout: 2 },
  }
  const wanted = (await cluster.open('operator', 'cli')).kv('wanted', WantedAgents)
  const refreshing = setInterval(() => void wanted.put('other', value), 2000)
  await wanted.put('other', value)
  const path = `${bin}${delimiter}${process.env.PATH}`
  const node = await world.startNode('gpus', ['trainer-bridge'], ['--trainer-bridge', 'gpus'], { PATH: path })
  try {
    for (const id of gpus) {
      const texts = [`SYLLABUS_HOME=${home}\0`, `CUDA_VISIBLE_DEVICES=${id}\0`, 'SYLLABUS_DEVICE=cuda\0']
      await until(`a runtime with ${id}`, async () => (await pidsWith(texts)).length === 1, 120_000)
    }
    expect(node.output()).toContain('works for other: 2 trainer-bridge')
  } finally {
    clearInterval(refreshing)
  }
  const stop = started(folder.command('gpus', ['node', 'stop', 'gpus']))
  expect(await stop.ended, stop.output()).toBe(0)
  expect(await node.ended, node.output()).toBe(0)
  expect(await folder.pids('gpus')).toEqual([])
}, 240_000)
