import { z } from 'zod'

const Labels = z.record(z.string(), z.string())
const Selector = z.strictObject({
  matchLabels: Labels.default({}),
  matchExpressions: z
    .array(z.strictObject({ key: z.string(), operator: z.literal('In'), values: z.array(z.string()) }))
    .default([]),
})
const Peer = z.strictObject({
  podSelector: Selector.optional(),
  namespaceSelector: Selector.optional(),
  ipBlock: z.strictObject({ cidr: z.literal('0.0.0.0/0'), except: z.array(z.string()) }).optional(),
})
const Ports = z.array(z.strictObject({ port: z.number(), protocol: z.enum(['TCP', 'UDP']).default('TCP') })).optional()
const Peers = z.array(Peer).optional()

/** What the chart uses of a NetworkPolicy, and nothing else: another field would be read over. */
export const NetworkPolicy = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.strictObject({
    podSelector: Selector,
    policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
    ingress: z.array(z.strictObject({ from: Peers, ports: Ports })).default([]),
    egress: z.array(z.strictObject({ to: Peers, ports: Ports })).default([]),
  }),
})
export type NetworkPolicy = z.infer<typeof NetworkPolicy>

/** Who sends or is sent to: a pod of the release, one of another namespace, or an address outside of the cluster, private or not. */
export type End = { name: string; labels?: Record<string, string>; namespace?: string; isPrivate?: boolean }

export type Connection = { from: End; to: End; port: number }

const matches = ({ matchLabels, matchExpressions }: z.infer<typeof Selector>, labels: Record<string, string>) =>
  Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
  matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ''))

/** Whether a peer of a policy in the release's namespace is this end. */
function isPeer(
  { podSelector, namespaceSelector, ipBlock }: z.infer<typeof Peer>,
  { labels, namespace, isPrivate }: End,
) {
  // Addresses of pods are private ones.
  if (ipBlock)
    return labels === undefined && namespace === undefined ? !(isPrivate && ipBlock.except.length > 0) : false
  if (namespaceSelector) {
    const own = { 'kubernetes.io/metadata.name': namespace ?? '' }
    return namespace !== undefined && matches(namespaceSelector, own) && !podSelector
  }
  return namespace === undefined && labels !== undefined && podSelector !== undefined && matches(podSelector, labels)
}

/** Whether Kubernetes lets a TCP connection through: both ends have to allow it, where a policy of their side selects them. */
export function isAllowed(policies: readonly NetworkPolicy[], { from, to, port }: Connection): boolean {
  const side = (end: End, other: End, type: 'Ingress' | 'Egress') => {
    const { labels, namespace } = end
    if (!labels || namespace !== undefined) return true
    const own = policies.filter(({ spec }) => spec.policyTypes.includes(type) && matches(spec.podSelector, labels))
    const rules = own.flatMap(({ spec }) =>
      type === 'Ingress'
        ? spec.ingress.map(({ from: peers, ports }) => ({ peers, ports }))
        : spec.egress.map(({ to: peers, ports }) => ({ peers, ports })),
    )
    const allows = rules.some(
      ({ peers, ports }) =>
        (!peers || peers.some((peer) => isPeer(peer, other))) &&
        (!ports || ports.some((each) => each.protocol === 'TCP' && each.port === port)),
    )
    return own.length === 0 || allows
  }
  return side(from, to, 'Egress') && side(to, from, 'Ingress')
}
