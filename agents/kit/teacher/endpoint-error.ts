import { isObject } from '../../../schemas/bounded-json.ts'
import { truncate } from '../../../schemas/text.ts'
import { type JsonObject, jsonValues, plainName } from './json-values.ts'
import { type Endpoint, usualVariables } from './options.ts'

/** What an endpoint says is wrong, collected from whatever form its body has. */
export type EndpointError = {
  /** Codes, types, statuses and names of the error. */
  codes: readonly string[]
  /** Its texts, one a line. */
  text: string
  /** The fields of the request that it names in a place of its own: OpenAI's `param`, the end of a `loc`. */
  fields: readonly string[]
  /** Headers of the endpoint behind a gateway, where that repeats them in the body; names in small letters. */
  headers: Readonly<Record<string, string>>
}

/** Plain names of fields that hold codes, texts, fields of the request, and when to ask again. */
const codeNames = 'code type status reason name errorcode statuscode statustext errortype quotaid'.split(' ')
const textNames =
  'error errors message msg detail details description errormsg errormessage errordescription statusmsg raw title quotametric'.split(
    ' ',
  )
const fieldNames = ['param', 'parameter', 'field', 'instancepath', 'pointer', 'property']
/** What gateways in Python say for nothing. */
const noName = /^\s*(none|null|nil)?\s*$/i
const waitName =
  /^(retry(after|delay|in)|resets?(at|in|after|time)?|estimatedtime|waittime|cooldown(time)?)(ms|milliseconds|s|seconds)?$/
/** What a request was, which some repeat in their error: nothing there is said by the endpoint. */
const echoes = ['input', 'ctx', 'request', 'body', 'url', 'choices']
const deepest = 8
const mostNodes = 500
/** Characters of one text, and of all: more says nothing more. */
const mostChars = 4000
const mostTextChars = 20_000

/**
 * The error in the values of a body. Errors come as texts, objects, lists of objects, JSON in a text, and inside each other; all that is
 * found is put together. Null where nothing is said.
 */
export function errorIn(values: readonly unknown[]): EndpointError | null {
  const found = { codes: new Set<string>(), texts: new Set<string>(), fields: new Set<string>() }
  const headers: Record<string, string> = {}
  let [nodes, isNamed] = [0, false]
  const walk = (value: unknown, name: string, depth: number): void => {
    nodes += 1
    if (depth > deepest || nodes > mostNodes || value === null) return
    if (Array.isArray(value)) {
      if (name === 'loc') found.fields.add(fieldOfPlace(value))
      else for (const each of value) walk(each, name, depth + 1)
    } else if (isObject(value)) walkObject(value, name, depth)
    else if (waitName.test(name)) headers[/ms|milli/.test(name) ? 'retry-after-ms' : 'retry-after'] = String(value)
    else if (codeNames.includes(name)) found.codes.add(String(value))
    else if (typeof value === 'string' && fieldNames.includes(name) && !noName.test(value)) found.fields.add(value)
    else if (typeof value === 'string' && textNames.includes(name)) walkText(value, depth)
  }
  const walkObject = (object: JsonObject, name: string, depth: number): void => {
    for (const [key, value] of Object.entries(object)) {
      const plain = plainName(key)
      isNamed ||= plain.startsWith('error') && Boolean(value)
      if (name === 'headers' && typeof value !== 'object') headers[key.toLowerCase()] = String(value)
      else if (!echoes.includes(plain)) walk(value, plain, depth + 1)
    }
  }
  const walkText = (text: string, depth: number): void => {
    const inner = /^\s*[{[]/.test(text) ? jsonValues(text).values : []
    if (inner.length > 0) walk(inner, 'raw', depth + 1)
    else if (text.trim() !== '') found.texts.add(truncate(text, mostChars))
  }
  walk(values, 'error', 0)
  const { codes, texts, fields } = found
  if (texts.size === 0 && !isNamed) return null
  return { codes: [...codes], text: truncate([...texts].join('\n'), mostTextChars), fields: [...fields], headers }
}

/** The field in a place, `["body", "messages", 0, "role"]`: the path of names without where it begins. */
const fieldOfPlace = (place: readonly unknown[]): string =>
  place.filter((part) => typeof part === 'string' && !['body', 'query', '__root__'].includes(part)).join('.')

/** Where completions are asked for, under an endpoint's address. */
export const chatPath = '/chat/completions'

/**
 * Where a redirect from a path of an endpoint leads, and how to fix it: they are not followed, since they would take the key to another
 * host. The address is printed without its query and user, which may be secrets.
 */
export function redirectOf(
  { baseUrl, set = usualVariables }: Endpoint,
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
