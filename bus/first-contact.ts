import { errors } from 'nats'
import type { BusLimits } from '../schemas/bus-limits.ts'
import type { Account } from '../schemas/role.ts'
import { BusSetupError, reasonOf } from './errors.ts'
import { greetingAt } from './greeting.ts'
import { type Listener, listenerAt } from './listener.ts'
import { isUserRefused } from './refusal.ts'
import { passingReason } from './retry.ts'

/** Servers, joined by commas, and the account that is connected to. `isTls`: nothing is said there without TLS, whatever the address. */
export type Destination = { servers: string; account: Account; limits: BusLimits; isTls: boolean }

/** The servers are of another cluster than the join file. */
export const clusterFault = (found: string, { servers }: Pick<Destination, 'servers'>, wanted: string): BusSetupError =>
  new BusSetupError({
    what: `The NATS servers are of the cluster ${found}, and the join file is of ${wanted}`,
    where: servers,
    fix: 'Name a join file of that cluster in SYLLABUS_CREDENTIALS (npx syllabus cluster node makes one), or correct NATS_URL.',
  })

/** Why no connection could be made, or that the servers are of another cluster: then they refuse its user or are not trusted. */
export async function withCluster(error: unknown, place: Destination, wanted: string | undefined): Promise<unknown> {
  if (wanted === undefined) return error
  const greetings = await Promise.all(place.servers.split(',').map((each) => greetingAt(each, lookMs)))
  const found = greetings.flatMap((greeting) => greeting?.cluster ?? []).find((cluster) => cluster !== wanted)
  return found === undefined ? error : clusterFault(found, place, wanted)
}

/** The server refuses the client's certificate, or that it has none. */
const ownCertificateFault = /_ALERT_/
const ownCertificateFix =
  'Name a certificate that its authority signed, and its key, under tls.cert and tls.key in the file that SYLLABUS_CREDENTIALS names.'
/** What a certificate is refused with. */
const certificateFault = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/

const expiredFix =
  'Set the clock of this host, if it is wrong. Else whoever runs the servers renews it (npx syllabus cluster renew), and reloads them.'
/** What helps with a certificate by the code of its fault, where it is not its authority that is unknown. */
const untrustedFixes: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: expiredFix,
  CERT_NOT_YET_VALID: expiredFix,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'Dial a name that it has: correct the host in NATS_URL or in the join file, with tls:// before it. Or whoever runs the servers gives it this name: the ' +
    'certificate of a host has all addresses that "cluster init --host NAME=ADDRESS,ADDRESS" names.',
}

export function connectFault(error: unknown, { servers }: Pick<Destination, 'servers'>, user: string): BusSetupError {
  const fault = (what: string, fix: string) => new BusSetupError({ what, where: servers, fix }, { cause: error })
  const { code = '' } = error as { code?: string }
  if (isUserRefused(error)) {
    return fault(
      user ? `The NATS server refuses the ${user}` : 'The NATS server asks for a user and password, or for an nkey',
      user.startsWith('nkey')
        ? 'A server knows the users of a join file once it has the new users.conf and was reloaded (docs/cluster.md); one of a node that was revoked opens nothing. Else give the right credentials in the file that SYLLABUS_CREDENTIALS names.'
        : 'Give the right credentials: in the URL, or in the file that SYLLABUS_CREDENTIALS names. JWTs and tokens are not supported.',
    )
  }
  if (error instanceof errors.ConnectionError && error.message.includes("'tls'")) {
    return fault(
      'The NATS server offers no TLS, and its address says tls://, so nothing was sent to it',
      'Give the server a certificate, or write nats:// where the way to it is safe.',
    )
  }
  if (ownCertificateFault.test(code)) {
    return fault(`The NATS server refuses the certificate of this client: ${reasonOf(error)}`, ownCertificateFix)
  }
  if (certificateFault.test(code)) {
    // Node's own advice is about Node.
    const reason = reasonOf(error).replace(/; if the root CA .*$/, '')
    return fault(
      `The certificate of the NATS server is not trusted: ${reason}`,
      untrustedFixes[code] ??
        'Name the authority that signed it under tls.ca in the credentials file (the join file of this cluster has it), or in NODE_EXTRA_CA_CERTS.',
    )
  }
  if (code === 'ENOTFOUND') return fault(`There is no such host: ${reasonOf(error)}`, 'Correct NATS_URL.')
  return fault(`No NATS server answers: ${passingReason(error)}`, noServerFix)
}

export const noServerFix = 'Start one, correct NATS_URL, or unset NATS_URL to use the embedded server.'
const strangerFix =
  'A NATS server listens for clients on port 4222, and shows its state on 8222. Correct NATS_URL, or unset it to use the embedded server.'

const lookMs = 1000

const lookAt = ({ servers, limits, isTls }: Destination, hasFailed: boolean): Promise<(Listener | null)[]> => {
  const addresses = servers.split(',').map((each) => (isTls ? each.replace(/^nats:/, 'tls:') : each))
  return Promise.all(addresses.map((each) => listenerAt(each, Math.min(lookMs, limits.requestMs), hasFailed)))
}

function listenerFault(listener: Listener, { servers }: Destination): BusSetupError {
  if ('stranger' in listener)
    return new BusSetupError({
      what: `What listens there is no NATS server: ${listener.stranger}`,
      where: servers,
      fix: strangerFix,
    })
  const { refuses } = listener
  const what = `The NATS server refuses the connection: ${refuses}`
  if (/\bport\b/.test(refuses)) return new BusSetupError({ what, where: servers, fix: strangerFix })
  if (/certificate/.test(refuses)) return new BusSetupError({ what, where: servers, fix: ownCertificateFix })
  const fix = /maximum/i.test(refuses)
    ? 'Raise max_connections in its configuration, or end other clients.'
    : 'Its log says more. Correct NATS_URL, or unset it to use the embedded server.'
  return new BusSetupError({ what, where: servers, fix })
}

/**
 * Looks at what listens before the client does, which reads a greeting without an end, and never closes a connection that it gave up.
 * @throws BusSetupError where none of the addresses has a NATS server
 */
export async function looked(place: Destination): Promise<void> {
  const found = await lookAt(place, false)
  const [first] = found
  if (first && !found.includes(null)) throw listenerFault(first, place)
}

/** The fault with what stands there instead of a NATS server, where something does. */
export async function withListener(error: unknown, place: Destination): Promise<unknown> {
  const listener = (await lookAt(place, true)).find((found) => found !== null)
  return listener ? listenerFault(listener, place) : error
}

const mostShown = 40

export const notJetStream = (text: string, { servers }: Destination): BusSetupError =>
  new BusSetupError({
    what: `What answers for JetStream there is no NATS server: it says ${JSON.stringify(text.slice(0, mostShown))}`,
    where: servers,
    fix: strangerFix,
  })
