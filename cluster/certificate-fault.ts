import { isIP } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { connect, createSecureContext, TLSSocket } from 'node:tls'
import { reasonOf } from '../schemas/user-error.ts'
import type { KeyPair } from './certificates.ts'

/**
 * Why a client that dials the address would not trust a server with this certificate; null where it would. It is tried with the two ends of
 * a connection, so that the answer is that of TLS itself.
 * @param ca the authority as PEM; null for those that Node knows
 */
export async function certificateFault(
  { cert, key }: KeyPair,
  ca: string | null,
  address: string,
): Promise<string | null> {
  const [one, other] = duplexPair() as [Duplex, Duplex]
  try {
    const secureContext = createSecureContext({ cert, key })
    const server = new TLSSocket(one as never, { isServer: true, secureContext })
    server.on('error', () => {})
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const name = isIP(address) ? { host: address } : { servername: address }
    const client = connect({ socket: other as never, ...(ca && { ca }), ...name }, resolve)
    client.on('error', reject)
    await promise
    return null
  } catch (error) {
    return reasonOf(error)
  } finally {
    one.destroy()
    other.destroy()
  }
}
