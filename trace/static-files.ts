import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, sep } from 'node:path'

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

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

/** Answers with the file of a request's path, or 404. The path is still encoded: a name with an escape in it is not served. */
export type ServeFile = (request: IncomingMessage, response: ServerResponse, path: string) => void

/**
 * Reads a folder's pages, scripts, styles and pictures once. A request then opens no file: it cannot leave the folder, and ten thousand
 * at a time take no descriptor.
 */
export function openStaticFiles(folder: string): ServeFile {
  const files = new Map<string, { type: string; body: Buffer }>()
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = types[/\.([a-z]+)$/.exec(name)?.[1] ?? '']
    if (type) files.set(`/${name.replaceAll(sep, '/')}`, { type, body: readFileSync(join(folder, name)) })
  }
  return (request, response, path) => {
    const headers = safetyHeaders(request.headers.host ?? '')
    const file = files.get(path === '/' ? '/index.html' : path)
    if (!file) {
      response.writeHead(404, { ...headers, 'content-type': 'text/plain; charset=utf-8' }).end('not found\n')
      return
    }
    response.writeHead(200, { ...headers, 'content-type': file.type, 'content-length': file.body.byteLength })
    response.end(request.method === 'HEAD' ? undefined : file.body)
  }
}
