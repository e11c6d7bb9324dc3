import type { ServerResponse } from 'node:http'
import type { Logger } from '../bus/mod.ts'
import { printable } from '../schemas/printable.ts'
import { UserError } from '../schemas/user-error.ts'

/** `signal` fires when whoever asked has left. */
type Work = (signal: AbortSignal) => Promise<unknown>

/** A document runs no script and loads nothing, whatever a model wrote into it. */
const documentHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
}

/**
 * Answers with what the work gives: a text as an HTML document, anything else as JSON. What the person can do something about is 422 with
 * its fix; a fault of ours is in the log alone.
 */
export async function answerWith(response: ServerResponse, log: Logger, work: Work): Promise<undefined> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const { socket } = response.req
  const stallMs = socket.timeout ?? 0
  // The work may take longer than a peer may be silent.
  socket.setTimeout(0)
  const [status, body] = await work(gone.signal).then(
    (done) => [200, done] as const,
    (error: unknown) => {
      if (error instanceof UserError) return [422, { error: printable(`${error.what} ${error.fix}`) }] as const
      if (!gone.signal.aborted) log.warn({ error: String(error), path: pathOf(response) }, 'a request was not answered')
      return [500, { error: 'This could not be answered; the log says why.' }] as const
    },
  )
  socket.setTimeout(stallMs)
  if (gone.signal.aborted) return
  const isDocument = typeof body === 'string'
  const headers = isDocument ? documentHeaders : { 'content-type': 'application/json; charset=utf-8' }
  const all = { ...headers, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
  response.writeHead(status, all).end(isDocument ? body : JSON.stringify(body))
}

/** Without the query, which holds the token. */
const pathOf = ({ req: { url = '' } }: ServerResponse): string => url.split('?')[0]!
