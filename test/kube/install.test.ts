import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { syllabus } from '../support/command.ts'
import { openGenerateFolder } from '../support/generate.ts'
import { linkedHome } from '../support/linked-home.ts'
import { until } from '../support/nats.ts'
import { promptProgram } from '../support/prompt-program.ts'
import { makeTinyStudent, runtimePython } from '../support/python.ts'
import { startTeacherServer } from '../support/teacher-server.ts'
import {
  addressOf,
  addVolume,
  apply,
  component,
  forward,
  hasKeda,
  helm,
  isReached,
  kubectl,
  missing,
  namespace,
  readyPods,
  startOutside,
} from './cluster.ts'
import { startStub } from './stub.ts'

const root = join(import.meta.dirname, '../..')
const rows = Number(process.env.SYLLABUS_KUBE_ROWS ?? 2000)
const model = 'test-teacher'
type JobState = { status: { succeeded?: number; conditions?: { type: string; status: string }[] } }
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
  /** Makes servers' files and join files, each in a Secret of the release that uses it. */
  const makeCluster = async (
    out: string,
    { hosts, service, release, agents }: { hosts: string[]; service: string; release: string; agents: string[] },
  ) => {
    const addresses = hosts.flatMap((name) => ['--host', `${name}=${name}.${service}.${namespace}.svc.cluster.local`])
    await run('cluster', 'init', '--out', out, '--store', '/data', '--max-file', '2GB', ...addresses)
    const own = Object.fromEntries(agents.map((role) => [role, role]))
    const nodes = { ...own, page: 'gateway,operator', operator: 'gateway,operator' }
    for (const [name, roles] of Object.entries(nodes)) {
      const file = join(out, `${name}.node.json`)
      await run('cluster', 'node', out, '--name', name, '--roles', roles, '--out', file)
      kubectl(['create', 'secret', 'generic', `${release}-${name}`, `--from-file=node.json=${file}`])
    }
    for (const name of hosts) kubectl(['create', 'secret', 'generic', name, `--from-file=${join(out, 'hosts', name)}`])
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
    const agents = ['planner', 'generator', 'critic', 'evaluator', 'trainer-bridge']
    await makeCluster(cluster, { hosts: names, service: 'syllabus-nats', release: 'syllabus', agents })
    for (const claim of [
      ...names.map((name) => `data-${name}`),
      'syllabus-page',
      'syllabus-run-first',
      'syllabus-run-second',
      'syllabus-run-whole',
      ...[0, 1, 2].map((index) => `nats-js-nats-${index}`),
      'outer-run-outer',
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

  test.each(['one-node', 'gpu-pool', 'own-servers'])('the API server takes all that %s renders', (set) => {
    const chart = [join(root, 'deploy/helm/syllabus'), '--values', join(root, `deploy/helm/values/${set}.yaml`)]
    const known = new Set(kubectl(['api-versions']).trim().split('\n'))
    const manifests = helm(['template', 'dry', ...chart, '--kube-version', '1.34.0']).split(/^---$/m)
    const served = manifests.filter((text) => known.has(/^apiVersion: (\S+)/m.exec(text)?.[1] ?? ''))
    expect(served.length).toBeGreaterThan(10)
    const taken = kubectl(['apply', '--dry-run=server', '--filename', '-'], served.join('\n---\n'))
    expect(
      taken
        .trim()
        .split('\n')
        .filter((line) => line.endsWith('(server dry run)')),
    ).toHaveLength(served.length)
  })

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

  test.skipIf(missing !== null || !process.env.SYLLABUS_KUBE_ENFORCES)(
    'NetworkPolicies hold: agents reach the servers and nothing else, and strangers reach nobody',
    async () => {
      await until('the generators are ready', () => readyPods('generator').length > 0, 120_000)
      const [nats, critic] = ['nats', 'critic'].map((name) => addressOf(component(name)))
      const teacher = addressOf('app=teacher')
      const asked: [string, string, number, boolean][] = [
        ['deployment/syllabus-critic', nats!, 4222, true],
        ['deployment/syllabus-critic', nats!, 6222, false],
        ['deployment/syllabus-critic', nats!, 8222, false],
        ['deployment/syllabus-critic', teacher, 8000, false],
        ['deployment/syllabus-generator', nats!, 4222, true],
        ['deployment/syllabus-generator', teacher, 8000, true],
        ['deployment/syllabus-generator', critic!, 9464, false],
        ['pod/teacher', nats!, 4222, false],
        ['pod/teacher', critic!, 9464, false],
        ['pod/teacher', teacher, 8000, true],
      ]
      expect(asked.map(([from, to, port]) => [from, to, port, isReached(from, to, port)])).toEqual(asked)
    },
    300_000,
  )

  test('a Job submits a whole run: a host outside of Kubernetes trains, and all else are pods', async () => {
    const student = await makeTinyStudent(await runtimePython(), join(folder, 'tiny'))
    await linkedHome(join(folder, 'outside'))
    const words = ['node', 'start', join(cluster, 'trainer-bridge.node.json'), '--trainer-bridge', '1']
    const outside = startOutside(folder, words, { SYLLABUS_HOME: join(folder, 'outside') })
    try {
      const submit = {
        runId: 'whole',
        command: 'run',
        args: ['--student', student, '--rows', '40', '--attempts', '1', '--no-retention', '--arms', 'none'],
        configMap: '',
      }
      const roles = { evaluator: { enabled: true } }
      const agents = { planner: { variant: 'rules' }, generator: { variant: 'procedural', options: null, slots: null } }
      const evaluator = { options: { audit: { 'in-template': 2 } } }
      const changes = { submit: { ...submit, enabled: true }, roles, topology: { agents: { ...agents, evaluator } } }
      writeFileSync(join(folder, 'whole.yaml'), JSON.stringify(changes))
      install('--values', join(folder, 'whole.yaml'))
      const job = () => JSON.parse(kubectl(['get', 'job/syllabus-run-whole', '--output', 'json'])) as JobState
      const isOver = () =>
        job().status.conditions?.some(({ type, status }) => /Complete|Failed/.test(type) && status === 'True')
      await until('the run is over', () => isOver() === true || outside.child.exitCode !== null, 900_000)
      expect(job().status.succeeded, `${kubectl(['logs', 'job/syllabus-run-whole'])}\n--\n${outside.output()}`).toBe(1)
      expect(outside.output()).toContain('works for whole: 1 trainer-bridge')
      expect(globSync(join(folder, 'syllabus-run-whole/runs/*/report.json'))).toHaveLength(1)
    } finally {
      outside.child.kill('SIGTERM')
      await outside.ended
    }
  }, 1_200_000)

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

  const officialChart = process.env.SYLLABUS_NATS_CHART
  test.skipIf(missing !== null || !officialChart)(
    'servers of the official chart hold a run as those of this one do',
    async () => {
      const hosts = ['nats-0', 'nats-1', 'nats-2']
      const outer = join(folder, 'outer')
      const agents = ['planner', 'generator', 'critic']
      await makeCluster(outer, { hosts, service: 'nats-headless', release: 'outer', agents })
      const { id } = JSON.parse(readFileSync(join(outer, 'cluster.json'), 'utf8')) as { id: string }
      const here = {
        config: { cluster: { merge: { name: id } }, jetstream: { fileStore: { pvc: { size: '2Gi' } } } },
        container: { image: { tag: '2.15.1-alpine' } },
        // Their images are not here.
        ...{ reloader: { enabled: false }, natsBox: { enabled: false } },
        podTemplate: {
          topologySpreadConstraints: { 'kubernetes.io/hostname': { whenUnsatisfiable: 'ScheduleAnyway' } },
        },
      }
      writeFileSync(join(folder, 'official.yaml'), JSON.stringify(here))
      const official = [
        '--values',
        join(root, 'deploy/helm/nats/values.yaml'),
        '--values',
        join(folder, 'official.yaml'),
      ]
      helm(['upgrade', '--install', 'nats', officialChart!, ...official, '--wait', '--timeout', '5m'])
      const peers = [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'nats' } } }]
      const changes = {
        nats: { mode: 'external', external: { peers } },
        page: { enabled: false },
        submit: { enabled: true, runId: 'outer' },
      }
      writeFileSync(join(folder, 'outer.yaml'), JSON.stringify(changes))
      const chart = [join(root, 'deploy/helm/syllabus'), '--values', join(root, 'deploy/helm/values/one-node.yaml')]
      const ours = ['--values', values, '--values', join(folder, 'outer.yaml'), '--set', 'roles.generator.replicas=1']
      helm(['upgrade', '--install', 'outer', ...chart, ...ours])
      try {
        kubectl(['wait', '--for=condition=complete', '--timeout=600s', 'job/outer-run-outer'])
        const made = JSON.parse(readFileSync(join(folder, 'outer-run-outer/outer/generation.json'), 'utf8'))
        expect(made).toMatchObject({ rows })
      } finally {
        for (const release of ['outer', 'nats']) helm(['uninstall', release, '--ignore-not-found'])
      }
    },
    1_200_000,
  )

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
