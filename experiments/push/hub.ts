import { HUB_URL, HubApiError } from '@huggingface/hub'
import { printableName } from '../../schemas/printable.ts'
import { reasonOf, UsageError, UserError } from '../../schemas/user-error.ts'

/*
 * A hub of models, as a push asks it.
 * H1 The token goes to the hub's own origin alone, whatever address its answers name, and stands in no message.
 * H2 Files go up one at a time, so that a cut loses one at most.
 * H3 A request that is not answered in its time counts as cut.
 */

export type Hub = {
  /** Without a slash at its end. */
  url: string
  /** As the client library wants it, with H1 to H3. */
  fetch: typeof fetch
  /** A text of the hub's as it may be shown: on one line, without the token, and without the signatures that addresses carry. */
  shown(text: string): string
}

/** The hub refuses, or cannot be reached. */
export class HubError extends UserError {}

/** How long an answer may take, beside the time for what is sent, and the slowest line that is waited for. */
const answerMs = 60_000
const leastBytesPerSecond = 20_000

/**
 * The hub that HF_ENDPOINT and HF_TOKEN name.
 * @throws UsageError for an address that is none; with `needsToken`, for a token that is missing or cannot be sent
 */
export function openHub(
  { HF_ENDPOINT, HF_TOKEN }: NodeJS.ProcessEnv,
  { needsToken, signal }: { needsToken: boolean; signal: AbortSignal },
): Hub {
  const url = endpointOf(HF_ENDPOINT?.trim() || HUB_URL)
  const token = HF_TOKEN?.trim() ?? ''
  const create = `Make one with write access at ${url}/settings/tokens, and set HF_TOKEN to it.`
  if (needsToken && token === '') throw new UsageError('No token is set: HF_TOKEN is empty.', create)
  if (/[^\x21-\x7e]/.test(token)) throw new UsageError('HF_TOKEN holds characters that no token has.', create)
  let turn: Promise<unknown> = Promise.resolve()

  const send: typeof fetch = async (input, init = {}) => {
    const target = input instanceof Request ? input.url : String(input)
    const headers = new Headers(init.headers)
    headers.delete('authorization')
    if (token !== '' && new URL(target).origin === new URL(url).origin) headers.set('authorization', `Bearer ${token}`)
    const late = AbortSignal.timeout(answerMs + Math.ceil((sizeOf(init.body) / leastBytesPerSecond) * 1000))
    return fetch(target, {
      ...init,
      headers,
      signal: AbortSignal.any([signal, late, ...(init.signal ? [init.signal] : [])]),
    })
  }
  return {
    url,
    fetch(input, init) {
      if (init?.method !== 'PUT') return send(input, init)
      const mine = turn.then(() => send(input, init))
      turn = mine.catch(() => {})
      return mine
    },
    shown(text) {
      const open = token === '' ? text : text.replaceAll(token, '[removed]')
      return printableName(open.trim().replaceAll(/(https?:\/\/[^\s?]*)\?\S*/g, '$1'))
    },
  }
}

function endpointOf(text: string): string {
  const parsed = URL.parse(text)
  const isHub = parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.search === ''
  if (isHub) return parsed.href.replace(/\/+$/, '')
  throw new UsageError(
    'HF_ENDPOINT is no address of a hub.',
    `Write one such as ${HUB_URL}, without a user or a query, or leave it out.`,
  )
}

const sizeOf = (body: BodyInit | null | undefined): number =>
  body instanceof Blob ? body.size : typeof body === 'string' ? body.length : 0

const quota = /storage|quota|billing|payment|limit reached|upgrade|exceed/i

/** What went wrong at the hub, and what a person does. What is no fault of it is given back as it is. */
export function explainHub(error: unknown, hub: Hub, repo: string): unknown {
  if (error instanceof UserError) return error
  if (!(error instanceof HubApiError)) return explainNetwork(error, hub)
  const { statusCode: status } = error
  const reason = messageOf(error, hub)
  const refused = (what: string, fix: string, passing = false) =>
    new HubError(`${what} (${hub.url}, status ${status}${reason}).`, fix, { passing })
  if (status === 402 || status === 413 || status === 507 || ([400, 403].includes(status) && quota.test(reason))) {
    return refused(
      `The hub has no room left for ${repo}`,
      'Remove what is not needed there or extend the plan, then give the command again. "--what adapter" is the smallest.',
    )
  }
  switch (status) {
    case 401:
      return refused('The hub does not accept the token in HF_TOKEN', `Make another at ${hub.url}/settings/tokens.`)
    case 403:
      return refused(
        `The token in HF_TOKEN may not write to ${repo}`,
        'Name a repository of yours, or of an organisation in which you may write, and use a token with write access to it.',
      )
    case 404:
      return refused(`The hub has no ${repo} any more`, 'Give the command again: it makes the repository anew.', false)
    case 409:
    case 412:
      return refused(`${repo} was changed meanwhile`, 'Give the command again: it looks at what is there first.', true)
    case 429:
      return refused(
        'The hub takes no more requests for now',
        'Give the command again later: it goes on where it was.',
        true,
      )
    default:
      return refused(
        status >= 500 ? 'The hub has a fault' : 'The hub refuses',
        'Correct what it names, or give the command again later: what has arrived is not sent again.',
        status >= 500,
      )
  }
}

/** What the hub says itself. */
function messageOf({ data }: HubApiError, hub: Hub): string {
  const { error, message } = (data ?? {}) as { error?: unknown; message?: unknown }
  const text = [error, message].find((each) => typeof each === 'string' && each.trim() !== '')
  return typeof text === 'string' ? `: ${hub.shown(text)}` : ''
}

function explainNetwork(error: unknown, { url, shown }: Hub): unknown {
  if (!(error instanceof Error) || 'syscall' in error) return error
  const { name, message, cause } = error
  if (name === 'TimeoutError' || (error instanceof TypeError && /fetch failed|terminated/.test(message))) {
    const why = name === 'TimeoutError' ? 'no answer in time' : reasonOf(cause ?? error)
    return new HubError(
      `The connection to the hub is cut (${url}: ${shown(why)}).`,
      'Give the same command again: what has arrived is not sent again.',
      { passing: true, cause: error },
    )
  }
  if (name === 'AbortError') return error
  return new HubError(
    `An answer of ${url} cannot be read as one of a hub (${shown(message)}).`,
    'Set HF_ENDPOINT to the address of a hub, or leave it out.',
    { cause: error },
  )
}
