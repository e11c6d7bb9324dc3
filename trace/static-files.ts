import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

/** One folder deep at most, and no name begins with a dot: no request can leave the folder. */
const servable = /^\/(?:[a-z0-9-]+\/)?[a-z0-9-]+\.(html|js|css|svg)$/

/** The headers of every answer. The page loads nothing but its own files, and its address, which holds the token, is sent to nobody. */
function safetyHeaders(host: string): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      `connect-src 'self' ws://${host}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'cache-control': 'no-cache',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }
}

/** Answers with one file of `folder`, or 404. `path` is the request's path, still encoded: a name with an escape in it is not served. */
export async function serveFile(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  path: string,
): Promise<void> {
  const headers = safetyHeaders(request.headers.host ?? '')
  const name = path === '/' ? '/index.html' : path
  const type = types[servable.exec(name)?.[1] ?? '']
  const body = type ? await readFile(join(folder, name)).catch(() => null) : null
  if (!type || !body) {
    response.writeHead(404, { ...headers, 'content-type': 'text/plain; charset=utf-8' }).end('not found\n')
    return
  }
  response.writeHead(200, { ...headers, 'content-type': type, 'content-length': body.byteLength })
  response.end(request.method === 'HEAD' ? undefined : body)
}
