import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Why a request is refused, and with which HTTP status; null when it may pass. */
export type Refusal = { status: 400 | 401 | 403 | 404 | 405 | 503; reason: string }

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Whether two secrets are equal, in a time that shows nothing about where they differ. */
export const sameSecret = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected))

/** The `host:port` pairs that a browser may name: the loopback ones, the bound host, and those of the allowed origins. */
export function allowedHosts(host: string, port: number, allowedOrigins: readonly string[]): Set<string> {
  const named = host === '0.0.0.0' || host === '::' ? [] : [host.includes(':') ? `[${host}]` : host]
  return new Set([
    ...['127.0.0.1', 'localhost', '[::1]', ...named].map((name) => `${name}:${port}`),
    ...allowedOrigins.map((origin) => new URL(origin).host),
  ])
}

/** Refuses a Host header that is not ours: a foreign name that was made to resolve to this machine (DNS rebinding). */
export function checkHost(request: IncomingMessage, hosts: Set<string>): Refusal | null {
  const host = request.headers.host?.toLowerCase()
  return host && hosts.has(host) ? null : { status: 403, reason: 'this host name is not served here' }
}

/**
 * Refuses a page of another origin. A request without an Origin comes from no page, so there the token alone decides.
 */
export function checkOrigin(
  request: IncomingMessage,
  hosts: Set<string>,
  allowedOrigins: readonly string[],
): Refusal | null {
  const origin = request.headers.origin
  if (origin === undefined) return null
  const own = [...hosts].some((host) => origin === `http://${host}`)
  return own || allowedOrigins.includes(origin) ? null : { status: 403, reason: 'this origin may not read traces' }
}

/**
 * The path and query that a request asks for; null where its target is none that a page or a viewer sends (`//`, a whole address, `*`).
 * Never throws: what stands there is a peer's.
 */
export function readTarget(request: IncomingMessage): URL | null {
  const target = request.url ?? ''
  return target.startsWith('/') ? URL.parse(target, 'http://page') : null
}
