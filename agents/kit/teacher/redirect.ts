import { type Endpoint, usualNames } from './options.ts'

/** Where completions are asked for, under an endpoint's address. */
export const chatPath = '/chat/completions'

/**
 * Where a redirect from a path of an endpoint leads, and how to fix it: they are not followed, since they would take the key to another
 * host. The address is told without its query and user, which may be secrets.
 */
export function redirectOf(
  { baseUrl, set = usualNames }: Endpoint,
  path: string,
  location: string,
): { to: string; fix: string } {
  const asked = `${baseUrl}${path}`
  const url = URL.parse(location, asked) ?? new URL(asked)
  const to = `${url.origin}${url.pathname}`.replace(/(?<!\/)\/+$/, '')
  const fix = to.endsWith(path)
    ? `Set ${set.baseUrl} to ${to.slice(0, -path.length)}.`
    : `Set ${set.baseUrl} to an address that answers itself: ${url.host} may be a login or a proxy.`
  return { to, fix }
}

/** What is said of a completion that is redirected. */
export function movedText(endpoint: Endpoint, status: number, location: string): string {
  const { to, fix } = redirectOf(endpoint, chatPath, location)
  return `HTTP ${status}: the API has moved to ${to}. ${fix}`
}
