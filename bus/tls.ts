import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type ConnectionOptions, checkServerIdentity, createSecureContext, type PeerCertificate } from 'node:tls'
import type { TlsOptions } from 'nats'
import { z } from 'zod'
import { usesTls } from './addresses.ts'
import { BusSetupError, reasonOf } from './errors.ts'

/*
 * T1 Where an address says `tls://`, or there are files of TLS, nothing is sent before a connection is encrypted and the server's
 *    certificate has been checked.
 * T2 The certificate is checked for what the address names: its host, or its IP address.
 * T3 Files are read again at each connection, so that a renewed certificate is taken without a restart.
 */

const pem = z.string().min(1)

/** What connections with TLS need: each the path of a PEM file, or its text. */
export const TlsFiles = z
  .strictObject({ ca: pem.optional(), cert: pem.optional(), key: pem.optional() })
  .refine(({ cert, key }) => (cert === undefined) === (key === undefined), 'cert and key go together')
export type TlsFiles = z.infer<typeof TlsFiles>

const isText = (value: string) => value.includes('-----BEGIN ')

/**
 * The files with paths that hold in any process, once they are known to be usable. Relative paths start at the file that names them.
 * @throws BusSetupError that names the file, and shows nothing of a key
 */
export function openTlsFiles(files: TlsFiles, namedIn: string): TlsFiles {
  const opened = Object.entries(files).map(([field, value]) => {
    const path = isText(value) ? null : resolve(dirname(namedIn), value)
    const where = path ?? `tls.${field} in ${namedIn}`
    const text = attempt(where, () => (path === null ? value : readFileSync(path, 'utf8')))
    attempt(where, () => check(field as keyof TlsFiles, text))
    return { field, value: path ?? value, text }
  })
  const texts = Object.fromEntries(opened.map(({ field, text }) => [field, text]))
  attempt(`tls.cert and tls.key in ${namedIn}`, () => createSecureContext(texts))
  return Object.fromEntries(opened.map(({ field, value }) => [field, value]))
}

function check(field: keyof TlsFiles, text: string): void {
  if (field === 'key') return void createSecureContext({ key: text })
  const { validToDate, subject } = new X509Certificate(text)
  if (validToDate.getTime() < Date.now()) throw new Error(`${subject} has expired (${validToDate.toISOString()})`)
}

function attempt<T>(where: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw new BusSetupError({
      what: `What TLS needs cannot be used: ${reasonOf(error)}`,
      where,
      fix: 'Name PEM files, or write their text: ca is the authority of the server, cert and key are for a server that asks its clients for them.',
    })
  }
}

/** How the client makes its connections: with TLS alone where it is asked for. */
export function tlsOptions(servers: string, files: TlsFiles | undefined): { tls?: TlsOptions } {
  if (!usesTls(servers) && !files) return {}
  const given = Object.entries(files ?? {}).map(([field, value]) => [isText(value) ? field : `${field}File`, value])
  return { tls: { ...Object.fromEntries(given), checkServerIdentity: checkAddress } as TlsOptions }
}

/** T2. Node takes "localhost" for the host of a socket that was opened to an IP address. */
function checkAddress(this: ConnectionOptions, _host: string, certificate: PeerCertificate): Error | undefined {
  const remote = this.socket && 'remoteAddress' in this.socket ? String(this.socket.remoteAddress) : ''
  return checkServerIdentity(this.servername || remote, certificate)
}
