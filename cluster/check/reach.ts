import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { isIP } from 'node:net'
import { connect } from 'node:tls'
import {
  bareConnection,
  type Greeting,
  greetedAt,
  hello,
  isNewEnough,
  maxPayloadBytes,
  oldestServer,
} from '../../bus/mod.ts'
import { reasonOf, UserError } from '../../schemas/user-error.ts'
import type { Cluster } from '../cluster-file.ts'
import { dialled, type Host } from '../hosts.ts'
import { validity } from './files.ts'
import { type ClusterFinding, fault, ok, warning } from './finding.ts'

export type Server = { host: Host; url: string; greeting: Greeting }

const waitMs = 5000

/** Looks at each server from outside, before anything is sent to it: who it is, and that it takes nobody without TLS and a user. */
export async function checkReach(cluster: Cluster, authority: string | null) {
  const all = await Promise.all(cluster.hosts.map((host) => checkServer(cluster, host, authority)))
  const servers = all.flatMap(({ server }) => server ?? [])
  const findings = all.flatMap((each) => each.findings)
  const versions = new Set(servers.map(({ greeting }) => greeting.version))
  if (versions.size > 1) {
    const each = servers.map(({ host, greeting }) => `${host.name} has ${greeting.version}`).join(', ')
    const place = { where: cluster.id, what: 'versions' }
    findings.push(
      warning(
        place,
        `servers of different versions: ${each}`,
        'Right for as long as they are upgraded one by one. Give all the newest.',
      ),
    )
  }
  return { servers, findings }
}

async function checkServer(
  cluster: Cluster,
  host: Host,
  authority: string | null,
): Promise<{ server?: Server; findings: ClusterFinding[] }> {
  const url = `${cluster.tls === 'off' ? 'nats' : 'tls'}://${dialled(host)}:${cluster.ports.clients}`
  const place = (what: string) => ({ where: host.name, what })
  const found = await greetedAt(url, waitMs)
  if (!found)
    return {
      findings: [
        fault(
          place('address'),
          `no NATS server answers at ${url}`,
          `Start it there with hosts/${host.name}, open the ports ${cluster.ports.clients} and ${cluster.ports.routes} to the other hosts, or look into its log.`,
        ),
      ],
    }
  found.socket.destroy()
  const { greeting } = found
  const findings = [identity(cluster, host, greeting, url)]
  const certificate = cluster.tls === 'off' ? null : await checkShown(host, url, authority)
  if (certificate) findings.push(certificate)
  findings.push(...(await checkClosed(cluster, host, url, authority)))
  return { server: { host, url, greeting }, findings }
}

function identity(cluster: Cluster, host: Host, greeting: Greeting, url: string): ClusterFinding {
  const place = { where: host.name, what: 'server' }
  const copy = `Copy hosts/${host.name} to it, and start it again.`
  const { server_name: name, version } = greeting
  const wanted = cluster.hosts.length > 1 ? cluster.id : undefined
  if (name !== host.name || greeting.cluster !== wanted)
    return fault(
      place,
      `the server at ${url} is ${name} of ${greeting.cluster ?? 'no cluster'}, not ${host.name} of ${cluster.id}`,
      copy,
    )
  if (!isNewEnough(version))
    return fault(
      place,
      `NATS ${version || 'of no version'} is too old`,
      `Install ${oldestServer.major}.${oldestServer.minor} or newer.`,
    )
  if (!greeting.jetstream)
    return fault(place, 'it has no JetStream, or cannot open its storage', `${copy} Its log says why.`)
  if (greeting.max_payload < maxPayloadBytes)
    return fault(place, `it takes messages of ${greeting.max_payload} bytes at most`, copy)
  return ok(place, `${url}, NATS ${version}, JetStream`)
}

/** The certificate that clients are really shown. */
async function checkShown(host: Host, url: string, authority: string | null): Promise<ClusterFinding> {
  const place = { where: host.name, what: 'certificate' }
  const found = await greetedAt(url, waitMs)
  if (!found?.greeting.tls_required)
    return fault(place, 'the server offers no TLS', `Copy hosts/${host.name} to it, and start it again.`)
  const [address = ''] = host.addresses
  const name = isIP(address) ? { host: address } : { servername: address }
  const socket = connect({ socket: found.socket, ...(authority && { ca: authority }), ...name })
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(waitMs) })
    return validity(place, new X509Certificate(socket.getPeerCertificate().raw), renew)
  } catch (error) {
    return fault(
      place,
      `clients that dial ${address} do not trust it: ${reasonOf(error)}`,
      `${renew} If hosts/${host.name} is right, copy it there again.`,
    )
  } finally {
    socket.destroy()
  }
}

const renew =
  'Renew it (npx syllabus cluster renew, or have yours signed again), copy it to its host, and reload the server.'

/** Whoever comes without TLS, or without a user, is sent away. */
async function checkClosed(
  cluster: Cluster,
  host: Host,
  url: string,
  authority: string | null,
): Promise<ClusterFinding[]> {
  const place = { where: host.name, what: 'strangers' }
  const fix = `Copy hosts/${host.name} to it, and start it again.`
  if (cluster.tls !== 'off' && (await isTakenInPlain(url)))
    return [fault(place, 'it takes connections without TLS', fix)]
  try {
    const nc = await bareConnection({ server: url, ...(authority && { tls: { ca: authority } }) })
    await nc.close()
    return [fault(place, 'it takes connections without a user', fix)]
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return [ok(place, `refused without ${cluster.tls === 'off' ? '' : 'TLS, and without '}a user`)]
  }
}

async function isTakenInPlain(url: string): Promise<boolean> {
  const found = await greetedAt(url, waitMs)
  if (!found) return false
  const { socket } = found
  const { promise, resolve } = Promise.withResolvers<boolean>()
  let text = ''
  socket.setTimeout(waitMs, () => resolve(false))
  socket.on('close', () => resolve(false))
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
    if (text.includes('PONG')) resolve(true)
  })
  socket.write(hello)
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}
