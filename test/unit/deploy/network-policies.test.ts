import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { type End, isAllowed, NetworkPolicy } from '../../support/network-policies.ts'

/** One Kubernetes object; the chart's tests hold that these files are what the chart renders. */
type Manifest = {
  kind: string
  metadata: { name: string; labels: Record<string, string> }
  spec: Record<string, unknown>
}
const manifestsOf = (set: string): Manifest[] => {
  const file = join(import.meta.dirname, `../../integration/deploy/__snapshots__/${set}.yaml`)
  return parseAllDocuments(readFileSync(file, 'utf8')).flatMap((document) => (document.toJS() as Manifest | null) ?? [])
}

type Template = { metadata: { labels: Record<string, string> } }
const componentOf = ({ labels }: Template['metadata']) => labels['app.kubernetes.io/component']!

/** The pods of a release by their component. */
const podsOf = (manifests: readonly Manifest[]): Required<Pick<End, 'name' | 'labels'>>[] =>
  manifests
    .filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind))
    .map(({ spec }) => (spec.template as Template).metadata)
    .map((metadata) => ({ name: componentOf(metadata), labels: metadata.labels }))

const strangers: readonly End[] = [
  ...['monitoring', 'keda', 'ingress-nginx', 'nats', 'default'].map((namespace) => ({
    ...{
      name: `${namespace}/`,
      namespace,
      labels: { 'app.kubernetes.io/component': 'nats', 'syllabus/bus-client': 'true' },
    },
  })),
  { name: 'internet' },
  { name: 'private', isPrivate: true },
]
const ports = [443, 4222, 6222, 8222, 9464, 8080]

/** All connections that are let through, but names at port 53. */
function allowedIn(set: string): string[] {
  const manifests = manifestsOf(set)
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy').map((each) => NetworkPolicy.parse(each))
  const ends: End[] = [...podsOf(manifests), ...strangers]
  return ends
    .flatMap((from) => ends.flatMap((to) => ports.map((port) => ({ from, to, port }))))
    .filter(({ from, to }) => !(strangers.includes(from) && strangers.includes(to)))
    .filter((connection) => isAllowed(policies, connection))
    .map(({ from, to, port }) => `${from.name} -> ${to.name} ${port}`)
}

/** Everywhere outside of the release, at every port. */
const anywhere = (from: string, names = strangers.map(({ name }) => name)) =>
  names.flatMap((to) => ports.map((port) => `${from} -> ${to} ${port}`))
const toServers = (...clients: string[]) => clients.map((each) => `${each} -> nats 4222`)
const figures = (...pods: string[]) => pods.map((each) => `monitoring/ -> ${each} 9464`)
const agents = ['planner', 'generator', 'critic', 'evaluator', 'trainer-bridge']

describe('who may talk to whom, of all pairs of pods, other namespaces and addresses', () => {
  test.each<[string, string[]]>([
    [
      'one-node',
      [
        ...toServers('planner', 'generator', 'critic', 'page'),
        'nats -> nats 6222',
        'monitoring/ -> nats 8222',
        ...figures('planner', 'generator', 'critic', 'page'),
        ...anywhere('planner'),
        ...anywhere('generator'),
      ],
    ],
    [
      'gpu-pool',
      [
        ...toServers(...agents, 'page'),
        'nats -> nats 6222',
        'monitoring/ -> nats 8222',
        'keda/ -> nats 8222',
        'ingress-nginx/ -> page 8080',
        ...figures(...agents, 'page'),
        ...['planner', 'generator', 'critic', 'trainer-bridge'].flatMap((role) => anywhere(role, ['internet'])),
      ],
    ],
    [
      'own-servers',
      [
        ...['critic', 'evaluator', 'trainer-bridge'].map((each) => `${each} -> nats/ 4222`),
        ...figures(...agents, 'submit'),
        ...['planner', 'generator', 'submit'].flatMap((role) => anywhere(role)),
      ],
    ],
  ])('with the values %s', (set, expected) => {
    expect(allowedIn(set).toSorted()).toEqual(expected.toSorted())
  })
})

describe.each(['one-node', 'gpu-pool', 'own-servers'])('with the values %s', (set) => {
  const manifests = manifestsOf(set)
  const pods = podsOf(manifests)
  const of = (kind: string) => manifests.filter((each) => each.kind === kind)
  const selected = (labels: Record<string, string>) =>
    pods
      .filter((pod) => Object.entries(labels).every(([key, value]) => pod.labels[key] === value))
      .map(({ name }) => name)

  test('a disruption budget is of the pods of its own component', () => {
    for (const { metadata, spec } of of('PodDisruptionBudget'))
      expect(selected((spec.selector as { matchLabels: Record<string, string> }).matchLabels)).toEqual([
        componentOf(metadata),
      ])
  })

  test('Prometheus finds every process of Syllabus, and no server, by the one Service that its monitor selects', () => {
    const services = of('Service')
    const [metrics] = services.filter(({ metadata }) => metadata.name === 'syllabus-metrics')
    const processes = pods.map(({ name }) => name).filter((name) => name !== 'nats')
    expect(selected(metrics!.spec.selector as Record<string, string>)).toEqual(processes)
    for (const { spec } of of('ServiceMonitor')) {
      const { selector, endpoints } = spec as {
        selector: { matchLabels: Record<string, string> }
        endpoints: { port: string; path: string }[]
      }
      const found = services.filter(({ metadata }) =>
        Object.entries(selector.matchLabels).every(([key, value]) => metadata.labels[key] === value),
      )
      expect(found.map(({ metadata }) => metadata.name)).toEqual(['syllabus-metrics'])
      const names = (found[0]!.spec.ports as { name: string }[]).map(({ name }) => name)
      expect(endpoints.map(({ port, path }) => [names.includes(port), path])).toEqual([[true, '/metrics']])
    }
  })
})
