import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import { join, sep } from 'node:path'
import { parentPort, Worker, workerData } from 'node:worker_threads'

/*
 * Types of the page's scripts are stripped by Node itself, in a thread that ends with that: what it takes of memory is given back, and the
 * gateway answers others meanwhile. Node still calls the function experimental; a warning of that would be news to nobody.
 */

type Job = { scripts: readonly string[] }

const job = workerData as Partial<Job> | null
if (job?.scripts) parentPort?.postMessage(job.scripts.map((script) => stripTypeScriptTypes(script)))

/** The scripts without their types, as a browser reads them; lines and columns stay. Rejects with a syntax error in one of them. */
function stripTypes(scripts: readonly string[]): Promise<string[]> {
  const execArgv = ['--disable-warning=ExperimentalWarning']
  const worker = new Worker(new URL(import.meta.url), { workerData: { scripts } satisfies Job, execArgv })
  worker.unref()
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
}

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
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
export type ServeFile = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>

/** The plots' library; a page loads its bundle for browsers by way of plot-library.js. */
const [library, bundle] = ["'@observablehq/plot'", "'/plot-library.js'"]

/**
 * Reads pages, scripts, styles and pictures once, from the file or folder of each address. A request then opens no file: it cannot leave
 * them, and ten thousand at a time take no descriptor. TypeScript loses its types with the first request for any of it.
 */
export function openStaticFiles(places: Readonly<Record<string, string>>): ServeFile {
  const files = new Map<string, { type: string; body: Buffer }>()
  for (const [address, place] of Object.entries(places)) {
    const names = statSync(place).isDirectory() ? readdirSync(place, { recursive: true, encoding: 'utf8' }) : ['']
    for (const name of names) {
      const path = address + name.replaceAll(sep, '/')
      const type = types[/\.([a-z]+)$/.exec(path)?.[1] ?? '']
      if (type) files.set(path, { type, body: readFileSync(join(place, name)) })
    }
  }
  let stripped: Promise<Map<string, Buffer>> | null = null
  const scriptOf = async (path: string) => {
    stripped ??= strippedOf([...files].filter(([name]) => name.endsWith('.ts')).map(([name, { body }]) => [name, body]))
    return (await stripped).get(path)!
  }
  return async (request, response, path) => {
    const headers = safetyHeaders(request.headers.host ?? '')
    const file = files.get(path === '/' ? '/index.html' : path)
    if (!file) {
      response.writeHead(404, { ...headers, 'content-type': 'text/plain; charset=utf-8' }).end('not found\n')
      return
    }
    const body = path.endsWith('.ts') ? await scriptOf(path) : file.body
    response.writeHead(200, { ...headers, 'content-type': file.type, 'content-length': body.byteLength })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}

/** The scripts as a browser runs them. */
async function strippedOf(scripts: readonly (readonly [path: string, body: Buffer])[]): Promise<Map<string, Buffer>> {
  const texts = await stripTypes(scripts.map(([, body]) => body.toString('utf8')))
  return new Map(scripts.map(([path], index) => [path, Buffer.from(texts[index]!.replaceAll(library, bundle))]))
}
