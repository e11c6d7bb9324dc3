import { globSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { queueOf } from '../../../schemas/queue.ts'
import { Topology } from '../../../schemas/topology.ts'
import { runTool, tool, without } from '../../support/deploy-tools.ts'

const root = join(import.meta.dirname, '../../..')
const chart = join(root, 'deploy/helm/syllabus')
const helm = tool('helm')
const validate = tool('kubernetes-validate')

/** One Kubernetes object. */
type Manifest = { apiVersion: string; kind: string; metadata: { name: string }; spec: never }
type Container = { name: string; args?: string[]; securityContext?: object; env?: { name: string }[] }
type Pod = {
  containers: Container[]
  volumes: { name: string; secret?: { secretName: string } }[]
  automountServiceAccountToken: boolean
  securityContext: { runAsNonRoot: boolean }
}

const sets = globSync(join(root, 'deploy/helm/values/*.yaml')).sort()

function render(values: readonly string[], ...words: string[]): { text: string; manifests: Manifest[] } {
  const files = values.flatMap((file) => ['--values', file])
  const { code, output } = runTool(helm!, [
    'template',
    'syllabus',
    chart,
    '--kube-version',
    '1.34.0',
    '--namespace',
    'lab',
    ...files,
    ...words,
  ])
  expect(code, output).toBe(0)
  const manifests = parseAllDocuments(output).map((document) => document.toJS() as Manifest | null)
  return { text: output, manifests: manifests.filter((each) => each !== null) }
}

/** The pods that a release starts, by the name of what starts them. */
function podsOf(manifests: readonly Manifest[]): Map<string, Pod> {
  const starting = manifests.filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind))
  return new Map(
    starting.map(({ metadata, spec }) => [metadata.name, (spec as { template: { spec: Pod } }).template.spec]),
  )
}

test('there are three sets of values', () => {
  expect(sets.map((file) => basename(file))).toEqual(['gpu-pool.yaml', 'one-node.yaml', 'own-servers.yaml'])
})

describe.skipIf(!helm).each(sets)(without(helm, 'helm', 'the chart with %s'), (file) => {
  test('holds by its own rules, and is what it was', async () => {
    const { code, output } = runTool(helm!, ['lint', '--strict', chart, '--values', file])
    expect(code, output).toBe(0)
    const { text } = render([file])
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, `__snapshots__/${basename(file)}`))
  })

  test.skipIf(!validate)(without(validate, 'kubernetes-validate', "passes Kubernetes' own schemas"), () => {
    const { manifests } = render([file])
    const known = manifests.filter(({ apiVersion }) => !/keda|monitoring\.coreos/.test(apiVersion))
    expect(known.length).toBeGreaterThan(8)
    const folder = mkdtempSync(join(tmpdir(), 'syllabus-chart-'))
    const files = known.map((manifest, index) => {
      const path = join(folder, `${index}-${manifest.kind}.json`)
      writeFileSync(path, JSON.stringify(manifest))
      return path
    })
    const { code, output } = runTool(validate!, ['--strict', '--kubernetes-version', '1.34', ...files])
    expect(code, output).toBe(0)
  })

  test('a pod mounts one Secret, that of its own role; its root is read-only and its user is nobody', () => {
    const pods = podsOf(render([file]).manifests)
    const mounted = [...pods].filter(([name]) => name !== 'syllabus-nats')
    const secrets = mounted.map(([name, pod]) => [name, pod.volumes.flatMap(({ secret }) => secret?.secretName ?? [])])
    expect(secrets).toEqual(
      mounted.map(([name]) => [name, [name.startsWith('syllabus-run-') ? 'syllabus-operator' : name]]),
    )
    for (const [name, pod] of pods) {
      expect(pod.automountServiceAccountToken, name).toBe(false)
      expect(pod.securityContext.runAsNonRoot, name).toBe(true)
      for (const { securityContext } of pod.containers) {
        expect(securityContext, name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
      }
    }
  })

  test('the topology of the chart is one of Syllabus', () => {
    const map = render([file]).manifests.find(({ kind }) => kind === 'ConfigMap') as unknown as {
      data: Record<string, string>
    }
    const [document] = parseAllDocuments(map.data['topology.yaml']!)
    const topology = Topology.parse(document!.toJS())
    expect(Object.values(topology.agents).map(({ replicas }) => replicas)).toEqual([0, 0, 0, 0, 0])
  })
})

describe.skipIf(!helm)(without(helm, 'helm', 'scaling'), () => {
  type Scaled = { triggers: { type: string; name: string; metadata: Record<string, string> }[] }
  const scaled = (role: string, ...words: string[]) => {
    const keda = render([join(root, 'deploy/helm/values/gpu-pool.yaml')], ...words).manifests.find(
      ({ kind, metadata }) => kind === 'ScaledObject' && metadata.name === `syllabus-${role}`,
    )
    return (keda!.spec as Scaled).triggers
  }
  const consumers = (role: string, ...words: string[]) =>
    scaled(role, ...words).flatMap(({ metadata }) => metadata.consumer ?? [])

  test.each([
    ['my-teacher', 'https://api.openai.com/v1', 'https://api.openai.com/v1'],
    ['org/Model-7B', 'http://10.0.0.7:8000/v1', 'http://10.0.0.7:8000/v1'],
    ['a "quoted" <model>', 'http://teacher:80/v1/', 'http://teacher:80/v1'],
    ['Größe & Maß', 'http://[::1]:8000/v1', 'http://[::1]:8000/v1'],
  ])('the queue of generators that ask %s at %s is the one of schemas/queue.ts', (model, url, asked) => {
    const own = ['--set-json', `teacher.model=${JSON.stringify(model)}`, '--set', `teacher.baseUrl=${url}`]
    expect(consumers('generator', ...own)).toEqual([`generator-${queueOf('llm', model, asked)}-shard`])
  })

  test('a critic that asks, and bridges with another student, have queues of their own', () => {
    expect(consumers('critic')).toEqual([
      `critic-${queueOf('rules-and-judge', 'my-judge', 'https://api.openai.com/v1')}-batch`,
    ])
    const usual = ['trainer-bridge-peft-job', 'trainer-bridge-peft-sealed-eval-job']
    expect(consumers('trainer-bridge')).toEqual(usual)
    const other = ['--set', 'topology.agents.trainer-bridge.options.student=org/small']
    const queue = queueOf('peft', 'small')
    expect(consumers('trainer-bridge', ...other)).toEqual([
      `trainer-bridge-${queue}-job`,
      `trainer-bridge-${queue}-sealed-eval-job`,
    ])
  })

  test('the generators of a run that is submitted with its own queue follow that queue', () => {
    const submitted = ['--set', 'submit.enabled=true,submit.runId=first']
    const queue = queueOf('llm', 'my-teacher', 'https://api.openai.com/v1', 'first')
    expect(consumers('generator', ...submitted)).toEqual([`generator-${queue}-shard`])
    const shared = queueOf('llm', 'my-teacher', 'https://api.openai.com/v1')
    expect(consumers('generator', ...submitted, '--set', 'submit.command=run')).toEqual([`generator-${shared}-shard`])
  })

  test('each backlog has a trigger beside it that knows whether its consumer is there', () => {
    for (const role of ['generator', 'critic', 'trainer-bridge']) {
      const triggers = scaled(role)
      for (const [index, name] of consumers(role).entries()) {
        const there = triggers.find((trigger) => trigger.name === `there${index}`)
        expect(there?.metadata.valueLocation, role).toContain(`#(name=="${name}")`)
      }
    }
  })
})

test.skipIf(!helm)(without(helm, 'helm', 'a chart without a model or a run id says what is missing'), () => {
  const fails = (...words: string[]) => runTool(helm!, ['template', 'x', chart, '--kube-version', '1.34.0', ...words])
  expect(fails('--set', 'keda.enabled=true').output).toContain('teacher.model names the model')
  expect(fails('--set', 'submit.enabled=true').output).toContain('submit.runId names the run')
  expect(fails('--set', 'nats.mode=external').output).toContain('nats.external.peers says where the servers are')
})
