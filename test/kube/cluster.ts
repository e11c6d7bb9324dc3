import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, entry, syllabus } from '../support/command.ts'
import { runTool, tool } from '../support/deploy-tools.ts'

/* A Kubernetes that KUBECONFIG names, for the suite that installs the chart for real. Its nodes are this machine: volumes are folders. */

const kubectlPath = tool('kubectl')
const helmPath = tool('helm')
export const namespace = 'lab'
export const image = process.env.SYLLABUS_KUBE_IMAGE ?? 'localhost/syllabus-agents:0.1.0'

/** Why the suite cannot run here; null where it can. */
export const missing: string | null = !process.env.KUBECONFIG
  ? 'KUBECONFIG is not set'
  : !kubectlPath || !helmPath
    ? 'no kubectl or no helm on PATH'
    : null

/** Runs kubectl in the namespace. @throws Error with what it printed */
export function kubectl(words: readonly string[], input?: string): string {
  const { status, stdout, stderr } = spawnSync(kubectlPath!, ['--namespace', namespace, ...words], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
    ...(input !== undefined && { input }),
  })
  if (status !== 0) throw new Error(`kubectl ${words.join(' ')}: ${stderr}`)
  return stdout
}

export const apply = (manifest: object): string => kubectl(['apply', '--filename', '-'], JSON.stringify(manifest))

/** Runs helm in the namespace. @throws Error with what it printed */
export function helm(words: readonly string[]): string {
  const { code, output } = runTool(helmPath!, ['--namespace', namespace, ...words])
  if (code !== 0) throw new Error(`helm ${words.join(' ')}: ${output}`)
  return output
}

/** A volume of a claim, in a folder of this machine that belongs to the user of the images. */
export function addVolume(claim: string, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  runTool('chown', ['-R', '10001:10001', folder])
  apply({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `${namespace}-${claim}` },
    spec: {
      capacity: { storage: '50Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { namespace, name: claim },
      hostPath: { path: folder },
    },
  })
}

export const component = (name: string) => `app.kubernetes.io/component=${name}`

/** The names of the pods of a component that are ready. */
export function readyPods(name: string): string[] {
  type Pod = {
    metadata: { name: string; deletionTimestamp?: string }
    status: { conditions?: { type: string; status: string }[] }
  }
  const { items } = JSON.parse(kubectl(['get', 'pods', '--selector', component(name), '--output', 'json'])) as {
    items: Pod[]
  }
  return items
    .filter(
      ({ metadata, status }) =>
        !metadata.deletionTimestamp &&
        status.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'),
    )
    .map(({ metadata }) => metadata.name)
}

/** The address of the first pod that is selected. */
export const addressOf = (selector: string): string =>
  kubectl(['get', 'pods', '--selector', selector, '--output', 'jsonpath={.items[0].status.podIP}'])

const probe = `
const [host, port] = process.argv.slice(1)
const end = (text) => { console.log(text); process.exit() }
require('node:net').connect({ host, port: Number(port) }).on('connect', () => end('reached')).on('error', () => end('shut'))
setTimeout(end, 3000, 'shut')`

/** Whether a pod can open a TCP connection to an address. */
export const isReached = (from: string, host: string, port: number): boolean =>
  kubectl(['exec', from, '--', 'node', '--eval', probe, host, String(port)]).includes('reached')

/** Runs `syllabus` on this machine, outside of Kubernetes, with the names of its Services as a host beside it may have them; root alone. */
export function startOutside(folder: string, words: readonly string[], env: Record<string, string>): Command {
  writeFileSync(join(folder, 'resolv.conf'), kubectl(['exec', 'pod/teacher', '--', 'cat', '/etc/resolv.conf']))
  const script = 'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"'
  return syllabus(words, env, entry, ['unshare', '--mount', 'sh', '-c', script, 'sh', join(folder, 'resolv.conf')])
}

/** Forwards a port of a pod or a Service to this machine; the port here. */
export async function forward(target: string, port: number): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(kubectlPath!, ['--namespace', namespace, 'port-forward', target, `${port}:${port}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout!.on('data', (piece: Buffer) => (text += piece.toString()))
  while (!text.includes('Forwarding from') && child.exitCode === null) await sleep(100)
  return { child, port }
}

/** Whether KEDA runs there: its objects are known, and its metrics are served. */
export const hasKeda = (): boolean =>
  runTool(kubectlPath!, ['get', '--raw', '/apis/external.metrics.k8s.io/v1beta1']).code === 0
