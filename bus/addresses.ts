import { domainToASCII } from 'node:url'
import { BusSetupError } from './errors.ts'

/** Where NATS servers are, and the user that their addresses name, if any. */
export type Addresses = {
  /** `nats://host:port` or `tls://host:port`, without users, joined by commas. */
  servers: string
  login: { user: string; pass: string }
}

const fix =
  'Write NATS_URL as nats://host:port, or tls://host:port, with user:password@ before the host where there is one; several servers are separated by commas. In a password @ / ? # , are written as %40 %2F %3F %23 %2C.'

/** A host and a port; whatever follows them may be a part of a password or a token, which is nobody's to read. */
const hostAndPort = /^(\[[\da-f:.]+\]|[\w.-]+)(:\d+(?!\w))?/i

/** The address without its user and password, and without what stands after its port. */
function shown(address: string): string {
  const [scheme = ''] = /^[a-z][a-z\d+.-]*:\/\//i.exec(address) ?? []
  const user = address.lastIndexOf('@') + 1
  const host = address.slice(Math.max(scheme.length, user))
  const [visible = ''] = hostAndPort.exec(host) ?? []
  return `${scheme}${user > 0 ? '…@' : ''}${visible}${visible === host ? '' : '…'}`
}

/**
 * Reads what NATS_URL holds: one address, or several of one cluster that are separated by commas. One without a scheme is `nats://`; where
 * one says `tls://`, all are spoken to with TLS.
 * @throws BusSetupError that names the address without its password
 */
export function parseAddresses(text: string): Addresses {
  const all = text.split(',').map((each) => each.trim())
  const read = all.filter((each) => each !== '').map(parseOne)
  if (read.length === 0) refuse('NATS_URL is empty', 'the environment')
  const logins = new Map(read.flatMap(({ login }) => (login.user ? [[JSON.stringify(login), login]] : [])))
  if (logins.size > 1) refuse('The addresses name different users', all.map(shown).join(','))
  const scheme = read.some(({ tls }) => tls) ? 'tls' : 'nats'
  return {
    servers: read.map(({ host }) => `${scheme}://${host}`).join(','),
    login: [...logins.values()][0] ?? { user: '', pass: '' },
  }
}

/** Whether the servers are spoken to with TLS alone. */
export const usesTls = (servers: string): boolean => servers.startsWith('tls://')

function parseOne(address: string): { host: string; tls: boolean; login: Addresses['login'] } {
  const [, scheme = 'nats'] = /^([a-z][a-z\d+.-]*):\/\//i.exec(address) ?? []
  if (!['nats', 'tls'].includes(scheme.toLowerCase()))
    refuse(`"${scheme}://" is not spoken here, only nats:// and tls://`, shown(address))
  // URL knows no port of these schemes, so none is left out.
  const url = parseUrl(address.includes('://') ? address : `nats://${address}`)
  if (!url?.hostname || url.port === '0') refuse('This is no address of a NATS server', shown(address))
  if (!/^\/?$/.test(url.pathname) || url.search || url.hash)
    refuse('An address has nothing after its port', shown(address))
  if ((url.username === '') !== (url.password === ''))
    refuse(
      'The address has a user without a password, or the other way round; tokens are not used here',
      shown(address),
    )
  const host = url.hostname.startsWith('[') ? url.hostname : domainToASCII(decoded(url.hostname, address))
  return {
    host: `${host}:${url.port || 4222}`,
    tls: scheme.toLowerCase() === 'tls',
    login: { user: decoded(url.username, address), pass: decoded(url.password, address) },
  }
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}

function decoded(part: string, address: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return refuse('A % in a user or a password is written as %25', shown(address))
  }
}

function refuse(what: string, where: string): never {
  throw new BusSetupError({ what, where, fix })
}
