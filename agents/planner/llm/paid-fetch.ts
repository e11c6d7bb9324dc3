import { readCompletion } from '../../kit/teacher/completion.ts'
import type { ChatBody, Dialect } from '../../kit/teacher/dialect.ts'
import { type Endpoint, withoutKey } from '../../kit/teacher/options.ts'
import { movedText } from '../../kit/teacher/redirect.ts'
import { statusMeant } from '../../kit/teacher/refusal.ts'

/** What stands in for an answer of the endpoint when nothing is left to pay a request with; the client never repeats it. */
const unpaid = () =>
  new Response(errorOf("no call of the planner's model is left"), {
    status: 402,
    headers: { 'content-type': 'application/json' },
  })

const errorOf = (message: string) => JSON.stringify({ error: { message } })

type PaidFetch = {
  endpoint: Endpoint
  dialect: Dialect
  pay: () => Promise<boolean>
  format: ChatBody
  /** A longer answer fails. */
  maxReplyBytes: number
}

/**
 * Pays for a request and adds the format to it: told of it, the client would throw away the text of a reply that is cut off or no JSON,
 * and that text is what the model must be shown. What the endpoint refuses is said otherwise at once; a fault is passed on under the
 * status that it stands for. No answer is passed on with the key in it.
 */
export function paidFetch({ endpoint, dialect, pay, format, maxReplyBytes }: PaidFetch): typeof fetch {
  return async (url, init) => {
    const body = { ...JSON.parse(String(init?.body)), ...format } as ChatBody
    for (;;) {
      const sent = dialect.said(body)
      if (!(await pay())) return unpaid()
      const came = await fetch(url, { ...init, body: JSON.stringify(sent), redirect: 'manual' })
      const { headers, ...response } = await answered(came, endpoint, maxReplyBytes)
      const isRefusal = response.status === 400 || response.status === 422
      if (isRefusal && dialect.learn(response.text, sent)) continue
      if (response.status < 300) dialect.answered()
      return new Response(withoutKey(response.text, endpoint) || null, { status: response.status, headers })
    }
  }
}

/**
 * A whole answer under the status that it stands for. An error that nothing says the kind of is the gateway's, and so is a success that
 * is no completion: the client would stumble over it. Redirects are not followed.
 */
async function answered(
  response: Response,
  endpoint: Endpoint,
  maxBytes: number,
): Promise<{ status: number; text: string; headers: Headers }> {
  const text = await textWithin(response, maxBytes)
  const headers = new Headers(response.headers)
  // They are of the body as it was sent.
  for (const name of ['content-encoding', 'content-length']) headers.delete(name)
  const location = response.status >= 300 && response.status < 400 && headers.get('location')
  if (location) return { status: 404, text: errorOf(movedText(endpoint, response.status, location)), headers }
  const status = statusMeant({ status: response.status, text }) ?? 502
  const isStrange = status < 300 && readCompletion(text, '', '') === null
  return isStrange
    ? { status: 502, text: errorOf('what came is no chat completion'), headers }
    : { status, text, headers }
}

async function textWithin({ body }: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
