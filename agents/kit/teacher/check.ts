import { isObject } from '../../../schemas/bounded-json.ts'
import { TeacherLimits } from '../../../schemas/teacher.ts'
import { chatPath, redirectOf } from './endpoint-error.ts'
import { type HttpAnswer, type HttpClient, openHttpClient } from './http-client.ts'
import { type JsonObject, jsonValues } from './json-values.ts'
import { type Endpoint, TeacherUnusable, usualVariables } from './options.ts'
import { proxyFor } from './proxy.ts'
import { shown } from './quoted.ts'
import { mayPass } from './refusal.ts'

/** What a check found: the size of the model's context where the endpoint gives it, and what only the first call can tell. */
export type CheckedTeacher = { contextTokens: number | null; warning?: string }

/** Models that a warning names. */
const shownModels = 20

/**
 * Asks the endpoint for its models, which is not paid. Its list decides nothing: it may lack a model that the endpoint serves, be refused
 * to a key that may call, or have a form of its own; then a warning says so. `callPath`: where the calls will go.
 * @throws TeacherUnusable for an address where nobody answers or something else than an API does, and for a key that is refused.
 */
export async function checkTeacher(
  endpoint: Endpoint,
  model: string,
  timeoutMs = 10_000,
  callPath = chatPath,
): Promise<CheckedTeacher> {
  const { baseUrl, apiKey, set = usualVariables } = endpoint
  if (/[^\x21-\x7e]/.test(apiKey)) {
    throw new TeacherUnusable(
      `${set.apiKey} holds a blank, a line break or a character that is not ASCII.`,
      'Set it to the key alone; typographic quotes are a common cause.',
    )
  }
  const client = openClient(endpoint)
  const signal = AbortSignal.timeout(timeoutMs)
  const unchecked = (why: string): CheckedTeacher => ({
    contextTokens: null,
    warning: `Whether ${baseUrl} has the model "${model}", the first call will tell: ${why}.`,
  })
  const answer = await client.get('/models', signal).catch((error: unknown) => {
    if (signal.aborted) return null
    const why = shown(error instanceof Error ? error.message : String(error))
    throw new TeacherUnusable(`There is no API at ${baseUrl}: ${why}.`, fixOf(error, endpoint))
  })
  if (answer === null) return unchecked(`its list of models did not come within ${timeoutMs / 1000} s`)
  const { status, location, text } = answer
  if (status === 407) {
    throw new TeacherUnusable(
      `A proxy on the way to ${baseUrl} asks for a user and a password (HTTP 407).`,
      'Put them into its address: HTTPS_PROXY=http://<user>:<password>@<host>:<port>.',
    )
  }
  if (location !== null) {
    const { to, fix } = redirectOf(endpoint, '/models', location)
    throw new TeacherUnusable(`${baseUrl} has moved to ${to.replace(/\/models$/, '')} (HTTP ${status}).`, fix)
  }
  const models = status === 200 ? modelsIn(jsonValues(text).values) : null
  if (models) {
    const found = models.find(({ names }) => names.includes(model))
    return found ? ofListed(found, model, baseUrl) : unchecked(unlisted(models))
  }
  // A key that may call and not list.
  if (status === 403 && /\bscopes?\b/i.test(text)) return { contextTokens: null }
  const elsewhere = mayPass(status) ? null : await findList(endpoint, timeoutMs)
  if (elsewhere) {
    throw new TeacherUnusable(
      `There is no API at ${baseUrl}, but at ${elsewhere}.`,
      `Set ${set.baseUrl} to ${elsewhere}.`,
    )
  }
  if (status === 404 || status === 405 || mayPass(status)) return { contextTokens: null }
  await checkCalls(client, endpoint, callPath, timeoutMs)
  return unchecked(`its list of models cannot be read (HTTP ${status}: ${shown(text, 120) || 'an empty body'})`)
}

const openClient = (endpoint: Endpoint): HttpClient =>
  openHttpClient(endpoint, { concurrency: 1, maxReplyBytes: TeacherLimits.parse({}).maxReplyBytes })

/** What helps where no connection came about. */
function fixOf(error: unknown, endpoint: Endpoint): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (/CERT|SIGNATURE/.test(code))
    return 'Where its certificate, or that of a proxy, is of an authority of your own: NODE_EXTRA_CA_CERTS=<file.pem>.'
  const { baseUrl, set = usualVariables } = endpoint
  return code === 'EPROTO'
    ? `Where it speaks without TLS: set ${set.baseUrl} to ${baseUrl.replace(/^https/, 'http')}.`
    : fixAddress(endpoint)
}

function fixAddress({ baseUrl, set = usualVariables }: Endpoint): string {
  const address = new URL(baseUrl)
  const proxy = proxyFor(address, process.env)
  const direct = proxy ? ` Or correct the proxy ${proxy.shown}, or name ${address.hostname} in NO_PROXY.` : ''
  return `Set ${set.baseUrl} to the address of an OpenAI-compatible API, for example http://127.0.0.1:11434/v1.${direct}`
}

function unlisted(models: readonly ListedModel[]): string {
  const listed = models.slice(0, shownModels).map(({ names }) => shown(names[0]!, 80))
  const more = models.length > shownModels ? ` and ${models.length - shownModels} more` : ''
  return models.length === 0 ? 'its list of models is empty' : `its list of models has ${listed.join(', ')}${more}`
}

/** Another address of the same host at which there is a list of models; null for none. */
async function findList(endpoint: Endpoint, timeoutMs: number): Promise<string | null> {
  const { baseUrl } = endpoint
  for (const at of [baseUrl.replace(/\/chat\/completions$/, ''), `${baseUrl}/v1`]) {
    if (at === baseUrl) continue
    const client = openClient({ ...endpoint, baseUrl: at })
    const answer = await client.get('/models', AbortSignal.timeout(timeoutMs)).catch(() => null)
    if (answer?.status === 200 && modelsIn(jsonValues(answer.text).values)?.length) return at
  }
  return null
}

/**
 * Sends a request that asks for nothing, and so costs nothing: an API says what it lacks, or that it refuses the key.
 * @throws TeacherUnusable for a key that is refused, and for what is no API.
 */
async function checkCalls(client: HttpClient, endpoint: Endpoint, path: string, timeoutMs: number): Promise<void> {
  const { baseUrl, set = usualVariables } = endpoint
  const answer = await client.post(path, '{}', AbortSignal.timeout(timeoutMs)).catch(() => null)
  if (answer === null || answer.status >= 500) return
  const words = `(HTTP ${answer.status}): ${shown(answer.text, 200) || 'an empty body'}`
  if (answer.status === 401 || answer.status === 403)
    throw new TeacherUnusable(`${baseUrl} refuses the key ${words}`, `Set ${set.apiKey} to a key of this endpoint.`)
  if (isApi(answer)) return
  throw new TeacherUnusable(`What answers at ${baseUrl} is no OpenAI-compatible API ${words}`, fixAddress(endpoint))
}

/** Some say in plain text what a request lacks. */
const isApi = ({ status, text }: HttpAnswer): boolean =>
  jsonValues(text).values.length > 0 || ([400, 415, 422].includes(status) && !/^\s*(<|$)/.test(text))

/** A model of an endpoint's list, by whatever it is called there; when it ends, where that is announced. */
type ListedModel = { names: readonly string[]; contextTokens: number | null; endsAt: Date | null }

const listNames = ['data', 'models', 'model_list', 'items', 'results', 'result', 'body']
const modelNames = ['id', 'name', 'model', 'slug', 'key']
/** Names under which endpoints give the size of a model's context: OpenRouter, vLLM, LM Studio, Groq, llama.cpp. */
const contextNames = ['context_length', 'max_model_len', 'max_context_length', 'context_window', 'n_ctx', 'n_ctx_train']
const deepest = 2

/**
 * The models in the values of a body: OpenAI's form, the list alone (Together), names alone, `models` (Ollama, Gemini), null where there is
 * no model yet. Null where there is no list.
 */
function modelsIn(values: readonly unknown[], depth = 0): ListedModel[] | null {
  for (const value of values) {
    if (Array.isArray(value)) {
      const models = value.map(listedModel)
      if (models.every((model) => model !== null)) return models
    }
    if (!isObject(value)) continue
    const lists = listNames.filter((name) => name in value).map((name) => value[name] ?? [])
    const found = depth < deepest ? modelsIn(lists, depth + 1) : null
    if (found) return found
  }
  return null
}

function listedModel(entry: unknown): ListedModel | null {
  if (typeof entry === 'string') return { names: [entry], contextTokens: null, endsAt: null }
  if (!isObject(entry)) return null
  const names = modelNames.map((name) => entry[name]).filter((name) => typeof name === 'string')
  return names.length > 0 ? { names, contextTokens: contextOf(entry), endsAt: endOf(entry) } : null
}

function contextOf(model: JsonObject): number | null {
  const given: JsonObject = { ...(isObject(model.meta) && model.meta), ...model }
  const found = contextNames.map((name) => given[name]).find((value) => typeof value === 'number' && value > 0)
  return typeof found === 'number' ? found : null
}

function ofListed({ contextTokens, endsAt }: ListedModel, model: string, baseUrl: string): CheckedTeacher {
  if (endsAt === null) return { contextTokens }
  const ends = endsAt.getTime() > Date.now() ? 'is withdrawn' : 'was withdrawn'
  const on = endsAt.toISOString().slice(0, 10)
  const warning = `The model "${model}" ${ends} on ${on}, as ${baseUrl} announces. Name another one: --model or SYLLABUS_MODEL.`
  return { contextTokens, warning }
}

/**
 * Names under which endpoints give the day on which a model ends: OpenAI, OpenRouter, Mistral, Azure (by use, the calls' is `inference`),
 * and others. Compared without case, `_` and `-`.
 */
const endName =
  /^(shutdown|deprecation|expir(es|ation)|retire(s|ment)|sunset|endoflife|eol|discontinu(ed|ation))(date|at|on)?$/

/** The first day on which a model ends, of what its entry says: a date as text, or seconds or milliseconds since 1970. */
function endOf(model: JsonObject): Date | null {
  const dates = Object.entries(model).flatMap(([name, value]) => {
    if (!endName.test(name.toLowerCase().replace(/[_-]/g, ''))) return []
    const given = isObject(value) ? (value.inference ?? value.date) : value
    return dateOf(given) ?? []
  })
  return dates.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null
}

/** Numbers below this are seconds: as milliseconds they would lie before 1973. */
const mostSeconds = 1e11

function dateOf(value: unknown): Date | null {
  const isDay = typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value)
  const isTime = typeof value === 'number' && value > 0
  if (!isDay && !isTime) return null
  const date = new Date(isTime && value < mostSeconds ? value * 1000 : value)
  return Number.isNaN(date.getTime()) ? null : date
}
