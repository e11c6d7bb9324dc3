import type { ChatBody, Dialect } from '../../kit/teacher/dialect.ts'
import { type Endpoint, withoutKey } from '../../kit/teacher/options.ts'
import { statusMeant } from '../../kit/teacher/refusal.ts'

/** What stands in for an answer of the endpoint when nothing is left to pay a request with; the client never repeats it. */
const unpaid = () =>
  new Response('{"error":{"message":"no call of the planner\'s model is left"}}', {
    status: 402,
    headers: { 'content-type': 'application/json' },
  })

type PaidFetch = { endpoint: Endpoint; dialect: Dialect; pay: () => Promise<boolean>; format: ChatBody }

/**
 * Pays for a request and adds the format to it: told of it, the client would throw away the text of a reply that is cut off or no JSON,
 * and that text is what the model must be shown. What the endpoint refuses is said otherwise at once; a fault is passed on under the
 * status that it stands for, without the key.
 */
export function paidFetch({ endpoint, dialect, pay, format }: PaidFetch): typeof fetch {
  return async (url, init) => {
    const body = { ...JSON.parse(String(init?.body)), ...format } as ChatBody
    for (;;) {
      const sent = dialect.said(body)
      if (!(await pay())) return unpaid()
      const { headers, ...response } = await answered(await fetch(url, { ...init, body: JSON.stringify(sent) }))
      const isRefusal = response.status === 400 || response.status === 422
      if (isRefusal && dialect.learn(response.text, sent)) continue
      if (response.status < 300) dialect.answered()
      const text = response.status < 400 ? response.text : withoutKey(response.text, endpoint)
      return new Response(text || null, { status: response.status, headers })
    }
  }
}

/** A whole answer under the status that it stands for; an error that nothing says the kind of is the gateway's. */
async function answered(response: Response): Promise<{ status: number; text: string; headers: Headers }> {
  const text = await response.text()
  const headers = new Headers(response.headers)
  // They are of the body as it was sent.
  for (const name of ['content-encoding', 'content-length']) headers.delete(name)
  return { status: statusMeant({ status: response.status, text }) ?? 502, text, headers }
}
