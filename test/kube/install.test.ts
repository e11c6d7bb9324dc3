import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { syllabus } from '../support/command.ts'
import { openGenerateFolder } from '../support/generate.ts'
import { until } from '../support/nats.ts'
import { promptProgram } from '../support/prompt-program.ts'
import { startTeacherServer } from '../support/teacher-server.ts'
import {
  addVolume,
  apply,
  component,
  forward,
  hasKeda,
  helm,
  kubectl,
  missing,
  namespace,
  readyPods,
} from './cluster.ts'
import { startStub } from './stub.ts'

const root = join(import.meta.dirname, '../..')
const rows = Number(process.env.SYLLABUS_KUBE_ROWS ?? 2000)
const model = 'test-teacher'
const words = ['--rows', String(rows), '--concurrency', '12', '--seed', '7']

describe.skipIf(missing)(`the chart in a real Kubernetes${missing ? ` (skipped: ${missing})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'syllabus-kube-'))
  const cluster = join(folder, 'lab')
  const home = { SYLLABUS_HOME: join(folder, 'home') }
  const values = join(folder, 'values.yaml')
  const run = async (...args: string[]) => {
    const { ended, output } = syllabus(args, home)
    expect(await ended, output()).toBe(0)
  }
  const install = (...more: string[]) =>
    helm([
      'upgrade',
      '--install',
      'syllabus',
      join(root, 'deploy/helm/syllabus'),
      '--values',
      join(root, 'deploy/helm/values/one-node.yaml'),
      '--values',
      values,
      ...more,
    ])

  /** What the stub was asked, over the API server. */
  const asked = () =>
    JSON.parse(kubectl(['get', '--raw', `/api/v1/namespaces/${namespace}/services/teacher:8001/proxy/`])) as {
      requests: number
      prompts: number
      twice: number
    }

  beforeAll(async () => {
    kubectl(['create', 'namespace', namespace])
    const names = [0, 1, 2].map((index) => `syllabus-nats-${index}`)
    const hosts = names.flatMap((name) => ['--host', `${name}=${name}.syllabus-nats.${namespace}.svc.cluster.local`])
    await run('cluster', 'init', '--out', cluster, '--store', '/data', '--max-file', '2GB', ...hosts)
    const nodes = {
      planner: 'planner',
      generator: 'generator',
      critic: 'critic',
      page: 'gateway,operator',
      operator: 'gateway,operator',
    }
    for (const [name, roles] of Object.entries(nodes)) {
      const file = join(cluster, `${name}.node.json`)
      await run('cluster', 'node', cluster, '--name', name, '--roles', roles, '--out', file)
      kubectl(['create', 'secret', 'generic', `syllabus-${name}`, `--from-file=node.json=${file}`])
    }
    for (const name of names)
      kubectl(['create', 'secret', 'generic', name, `--from-file=${join(cluster, 'hosts', name)}`])
    for (const claim of [
      ...names.map((name) => `data-${name}`),
      'syllabus-page',
      'syllabus-run-first',
      'syllabus-run-second',
    ])
      addVolume(claim, join(folder, claim))
    apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'program' },
      data: { 'program.json': JSON.stringify(promptProgram({ rows: 10 })) },
    })
    startStub(300)
    const set = {
      image: { repository: 'localhost/syllabus-agents' },
      teacher: { model, baseUrl: `http://teacher.${namespace}.svc.cluster.local:8000/v1` },
      roles: { generator: { replicas: 2 } },
      submit: {
        runId: 'first',
        configMap: 'program',
        args: ['--program', '/etc/syllabus/files/program.json', ...words],
        storage: { size: '1Gi' },
      },
    }
    writeFileSync(values, JSON.stringify(set))
  }, 300_000)

  afterAll(() => {
    if (process.env.SYLLABUS_KUBE_KEEP) return
    helm(['uninstall', 'syllabus', '--ignore-not-found'])
    kubectl(['delete', 'namespace', namespace, '--wait=false'])
    for (const name of kubectl(['get', 'persistentvolumes', '--output', 'name'])
      .split('\n')
      .filter((each) => each.includes(`/${namespace}-`)))
      kubectl(['delete', name, '--wait=false'])
    rmSync(folder, { recursive: true, force: true })
  }, 120_000)

  test('three servers, agents by role and a Job make the rows that one host makes, while pods are lost and the release is upgraded', async () => {
    install()
    await until('the servers are ready', () => readyPods('nats').length === 3, 240_000)
    install('--set', 'submit.enabled=true')
    await until('rows are made', () => asked().prompts > rows * 0.1, 240_000)
    const pods = (name: string) =>
      kubectl(['get', 'pods', '--selector', component(name), '--output', 'name'])
        .trim()
        .split('\n')
    const lose = (name: string, ...more: string[]) => kubectl(['delete', pods(name)[0]!, '--wait=false', ...more])
    lose('generator', '--grace-period=0', '--force')
    lose('nats', '--grace-period=0', '--force')
    await until('more rows are made', () => asked().prompts > rows * 0.3, 240_000)
    lose('submit', '--grace-period=0', '--force')
    lose('planner', '--grace-period=0', '--force')
    await until('more rows are made', () => asked().prompts > rows * 0.5, 240_000)
    install('--set', 'submit.enabled=true', '--set', 'topology.scaling.quietMs=30000')
    kubectl(['rollout', 'restart', 'statefulset/syllabus-nats'])
    kubectl(['wait', '--for=condition=complete', '--timeout=600s', 'job/syllabus-run-first'])
    type Outcome = { rows: number; datasetHash: string }
    const outcome = JSON.parse(
      readFileSync(join(folder, 'syllabus-run-first/first/generation.json'), 'utf8'),
    ) as Outcome
    await using here = await openGenerateFolder()
    await using teacher = await startTeacherServer()
    const alone = here.generate('alone', teacher, [...words, '--run-id', 'first'])
    expect(await alone.ended, alone.output()).toBe(0)
    const { datasetHash } = await here.outcomeOf('alone')
    expect({ rows: outcome.rows, datasetHash: outcome.datasetHash }).toEqual({ rows, datasetHash })
    // At most what a lost generator, and one that drained, had in flight.
    expect(asked().twice).toBeLessThanOrEqual(24)
  }, 1_500_000)

  test('the page answers through a port-forward', async () => {
    await until('the page is up', () => readyPods('page').length === 1, 240_000)
    const address = () => /http:\/\/\S+token=\w+/.exec(kubectl(['logs', 'deployment/syllabus-page']))?.[0]
    await until('its address is shown', () => address() !== undefined, 60_000)
    const { child } = await forward('deployment/syllabus-page', 8080)
    try {
      const page = await fetch(address()!)
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<title>')])
      const rowsRead = await fetch(address()!.replace('/?', '/session?'))
      expect(rowsRead.status).toBe(204)
    } finally {
      child.kill('SIGTERM')
    }
  }, 300_000)

  test.skipIf(missing !== null || !hasKeda())(
    'KEDA scales the generators on the backlog of the run, and keeps the least without one',
    async () => {
      const replicas = () =>
        Number(kubectl(['get', 'deployment/syllabus-generator', '--output', 'jsonpath={.spec.replicas}']))
      const scaled = ['--set', 'keda.enabled=true,keda.cooldownPeriod=15', '--set', 'roles.generator.autoscale.max=4']
      install(...scaled)
      await until(
        'KEDA has taken the generators over',
        () => kubectl(['get', 'hpa', '--output', 'name']).includes('generator'),
        120_000,
      )
      // No run has made the consumer of the shared queue, and the stream holds all messages of the one before.
      await until('the least are kept', () => replicas() === 1, 240_000)
      install(...scaled, '--set', 'submit.enabled=true,submit.runId=second')
      const seen: number[] = []
      await until('there are four', () => seen.push(replicas()) > 0 && replicas() === 4, 300_000)
      kubectl(['wait', '--for=condition=complete', '--timeout=900s', 'job/syllabus-run-second'])
      await until('one is left', () => seen.push(replicas()) > 0 && replicas() === 1, 400_000)
      // Up, and down again: no flapping.
      const turns = seen.filter((count, index) => index > 0 && count < seen[index - 1]!).length
      expect(turns, seen.join(' ')).toBeLessThanOrEqual(3)
      expect(Math.max(...seen)).toBe(4)
    },
    1_800_000,
  )
})
