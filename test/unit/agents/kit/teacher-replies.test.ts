import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { checkTeacher } from '../../../../agents/kit/teacher/check.ts'
import { keyRemover, TeacherOptions } from '../../../../agents/kit/teacher/options.ts'
import { createTeacher, TeacherRefused } from '../../../../agents/kit/teacher/teacher.ts'
import { whyIncomplete } from '../../../../tasks/reply/ending.ts'

const concurrency = 10
const key = 'sk-planted/0f3b9a7e'

type ModelReply = { status?: number; headers?: Record<string, string>; body: unknown }
type Body = Record<string, unknown>

/** An endpoint that answers as the test says, and keeps what it was sent. */
async function endpointThat(respond: (body: Body, request: number, path: string) => ModelReply) {
  const sent: Body[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const asked = (text ? JSON.parse(text) : {}) as Body
    sent.push(asked)
    const { status = 200, headers = {}, body } = respond(asked, sent.length, request.url ?? '')
    response
      .writeHead(status, headers)
      .end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  const teacher = createTeacher(
    { baseUrl, apiKey: key },
    TeacherOptions.parse({ model: 'm', concurrency, maxTries: 4, backoffMs: 20, minTimeoutMs: 5000 }),
  )
  let calls = 0
  const ask = (temperature = 0.7, maxTokens = 9) =>
    teacher.ask(
      { messages: [{ role: 'user', content: 'Hello.' }], sampling: { temperature, maxTokens, topP: 0.5, seed: 1 } },
      { take: async () => ++calls > 0, putBack: () => void calls-- },
      AbortSignal.timeout(10_000),
    )
  return {
    sent,
    baseUrl,
    ask,
    /** Requests that a purse was asked for. */
    calls: () => calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const completion = (content: unknown, more: object = {}) => ({
  model: 'm',
  choices: [{ finish_reason: 'stop', message: { role: 'assistant', content } }],
  usage: { prompt_tokens: 3, completion_tokens: 4 },
  ...more,
})

test.each([
  [
    'parts',
    completion([
      { type: 'thinking', thinking: [] },
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]),
    'ab',
  ],
  ['thoughts before it', completion('<think>hm {"a": 1}</think>\n\nab'), 'ab'],
  ['thoughts without their beginning', completion('hm</think>ab'), 'ab'],
  ['thoughts of its own inside', completion('{"output": "<think>x</think>y"}'), '{"output": "<think>x</think>y"}'],
  ['no name of the model', completion('ab', { model: null }), 'ab'],
  ['a byte-order mark', `\uFEFF${JSON.stringify(completion('ab'))}`, 'ab'],
  ['null for an empty reply', completion(null), ''],
])('a reply with %s is read', async (_, body, text) => {
  await using endpoint = await endpointThat(() => ({ body }))
  expect(await endpoint.ask()).toMatchObject({ ok: true, reply: { text, model: 'm', inputTokens: 3 } })
})

test('a reply whose end nobody tells is cut off where it has as many tokens as it might have', async () => {
  const unsaid = (completion_tokens: number) => ({
    ...completion('ab', { usage: { prompt_tokens: 3, completion_tokens } }),
    choices: [{ message: { content: 'ab' } }],
  })
  await using endpoint = await endpointThat((_, request) => ({ body: unsaid(request === 1 ? 8 : 9) }))
  expect(await endpoint.ask()).toMatchObject({ reply: { truncated: false } })
  expect(await endpoint.ask()).toMatchObject({ reply: { truncated: true } })
})

test.each([
  ['none', undefined, [2, 1]],
  ['null', null, [2, 1]],
  ['fractions and null', { prompt_tokens: 2.6, completion_tokens: null }, [3, 0]],
])('a paid reply is not lost for its counts: %s', async (_, usage, [inputTokens, outputTokens]) => {
  await using endpoint = await endpointThat(() => ({ body: completion('ab', { usage }) }))
  expect(await endpoint.ask()).toMatchObject({ ok: true, reply: { text: 'ab', inputTokens, outputTokens } })
  expect(endpoint.sent).toHaveLength(1)
})

const unsupported = (field: string, words = '') => ({
  status: 400,
  body: {
    error: { message: `Unsupported parameter: '${field}' is not supported with this model.${words}`, param: field },
  },
})

test('fields that an endpoint refuses by name are said otherwise or left out, and the reply tells which', async () => {
  await using endpoint = await endpointThat((body) => {
    if ('max_tokens' in body) return unsupported('max_tokens', " Use 'max_completion_tokens' instead.")
    if ('temperature' in body) return unsupported('temperature')
    if ('seed' in body) {
      const detail = [{ type: 'extra_forbidden', loc: ['body', 'seed'], msg: 'Extra inputs are not permitted' }]
      return { status: 422, body: { detail } }
    }
    return { body: completion('ab') }
  })
  const first = await endpoint.ask()
  expect(first).toMatchObject({ ok: true, reply: { text: 'ab', withheld: ['temperature', 'seed'] } })
  expect(endpoint.sent).toHaveLength(4)
  await endpoint.ask()
  expect(endpoint.sent.slice(4)).toEqual([
    {
      model: 'm',
      messages: [{ role: 'user', content: 'Hello.' }],
      stream: false,
      max_completion_tokens: 9,
      top_p: 0.5,
    },
  ])
})

test('a prompt that leaves no room, as an earlier refusal showed, is not sent and counts as no call', async () => {
  const message =
    "This model's maximum context length is 512 tokens. However, you requested 900 tokens (500 in the messages, 400 in the completion)."
  await using endpoint = await endpointThat(() => ({ status: 400, body: { error: { message } } }))
  for (let asked = 0; asked < 3; asked++) {
    expect(await endpoint.ask(0.7, 400)).toMatchObject({ ok: false, why: 'context', lasting: true })
  }
  expect(endpoint.sent).toHaveLength(1)
  expect(endpoint.calls()).toBe(1)
})

test('one request learns what is refused, while the others wait for it; each is paid', async () => {
  await using endpoint = await endpointThat((body) =>
    'max_tokens' in body
      ? unsupported('max_tokens')
      : 'temperature' in body
        ? unsupported('temperature')
        : { body: completion('ab') },
  )
  const answers = await Promise.all(Array.from({ length: 30 }, () => endpoint.ask()))
  expect(answers.every(({ ok }) => ok)).toBe(true)
  expect(endpoint.sent).toHaveLength(30 + 2)
  expect(endpoint.calls()).toBe(30 + 2)
})

test('a limit that no name says, and a value that is only too large, end the call', async () => {
  await using nameless = await endpointThat((body) =>
    unsupported('max_tokens' in body ? 'max_tokens' : 'max_completion_tokens'),
  )
  expect(await nameless.ask()).toMatchObject({ ok: false, why: 'failed' })
  expect(nameless.sent).toHaveLength(2)
  const message = 'max_tokens is too large: 9. This model supports at most 8 completion tokens.'
  await using small = await endpointThat(() => ({ status: 400, body: { error: { message } } }))
  expect(await small.ask()).toMatchObject({ ok: false, why: 'failed', reason: expect.stringContaining('too large') })
  expect(small.sent).toHaveLength(1)
})

const asSuccess = (error: unknown) => ({ body: { error } })

test.each([
  ['a status', { message: 'overloaded', code: 503 }],
  ['a status as a text', { message: 'slow down', code: '429' }],
  ['a name', { message: 'slow down', code: 'rate_limit_exceeded' }],
  ['a type', { message: 'busy', type: 'overloaded_error' }],
])('an error that comes as a success and passes is tried again: %s', async (_, error) => {
  await using passing = await endpointThat((__, request) =>
    request < 3 ? asSuccess(error) : { body: completion('ab') },
  )
  expect(await passing.ask()).toMatchObject({ ok: true })
  expect(passing.sent).toHaveLength(3)
})

test.each([
  ['a status', { message: 'no such key', code: 401 }],
  ['a name', { message: 'no such key', code: 'invalid_api_key', type: 'invalid_request_error' }],
  ['a model that is not there', { message: 'no such model', type: 'not_found_error' }],
  ['an account without money', { message: 'top up', code: 'insufficient_quota' }],
])('an error that comes as a success and stays stops every call: %s', async (_, error) => {
  await using refusing = await endpointThat(() => asSuccess(error))
  await expect(refusing.ask()).rejects.toThrow(TeacherRefused)
  expect(refusing.sent).toHaveLength(1)
})

test('an error that comes as a success and is about one request ends that request', async () => {
  const message = 'context_length_exceeded: the prompt is too long'
  await using endpoint = await endpointThat(() => asSuccess({ message, type: 'invalid_request_error' }))
  expect(await endpoint.ask()).toMatchObject({ ok: false, why: 'context' })
  expect(endpoint.sent).toHaveLength(1)
})

test.each([
  ['words alone', { message: 'something went wrong' }],
  ['a number of its own', { message: 'something went wrong', code: 1302 }],
  ['a text', 'something went wrong'],
])('an error that nothing says the kind of is tried a few times, then counts as unavailable: %s', async (_, error) => {
  await using endpoint = await endpointThat(() => asSuccess(error))
  expect(await endpoint.ask()).toMatchObject({
    ok: false,
    why: 'gone',
    reason: expect.stringMatching(/4 tries.*went wrong/),
  })
  expect(endpoint.sent).toHaveLength(4)
})

test('an account without money stops every call, though it is told as a rate limit', async () => {
  const error = { message: 'You exceeded your current quota.', type: 'insufficient_quota', code: 'insufficient_quota' }
  await using endpoint = await endpointThat(() => ({ status: 429, body: { error } }))
  await expect(endpoint.ask()).rejects.toThrow('exceeded your current quota')
  expect(endpoint.sent).toHaveLength(1)
})

test('an API that has moved is told with its new address, before it is paid and after', async () => {
  await using endpoint = await endpointThat(() => ({
    status: 307,
    headers: { location: 'http://elsewhere.test/v2/models' },
    body: '',
  }))
  await expect(endpoint.ask()).rejects.toThrow('HTTP 307: the API has moved to http://elsewhere.test/v2/models')
  await expect(checkTeacher({ baseUrl: endpoint.baseUrl, apiKey: key }, 'm')).rejects.toMatchObject({
    message: `${endpoint.baseUrl} has moved to http://elsewhere.test/v2 (HTTP 307).`,
    fix: 'Set OPENAI_BASE_URL to http://elsewhere.test/v2.',
  })
})

test.each([
  ['an error that comes as a success', 200, { error: { message: `odd: ${key}` } }],
  ['an error', 422, { error: { message: `odd: ${key}` } }],
  ['a reply', 200, completion(`Your key is ${key}.`)],
  ['a reply whose slashes are escaped', 200, JSON.stringify(completion(`Your key is ${key}.`)).replaceAll('/', '\\/')],
])('a key that the endpoint repeats is taken out: %s', async (_, status, body) => {
  await using endpoint = await endpointThat(() => ({ status, body }))
  const printed = JSON.stringify(await endpoint.ask())
  expect(printed).toContain('[key]')
  expect(printed).not.toContain('0f3b9a7e')
})

test.each([
  ['in capital letters', key.toUpperCase()],
  ['as in JSON', key.replace('-', '\\u002d').replace('/', '\\/')],
  ['as in an address', encodeURIComponent(key)],
])('what an endpoint says holds no key, nor do its headers: %s', async (_, repeated) => {
  const headers = { 'content-type': `text/${repeated}` }
  await using endpoint = await endpointThat(() => ({ status: 402, headers, body: `Who is ${repeated}?` }))
  await expect(endpoint.ask()).rejects.toThrow('HTTP 402 (text/[key]): Who is [key]?')
})

test('a key that is no more than a word leaves the words of a reply alone', () => {
  expect(keyRemover({ apiKey: 'x' })('max_tokens: solve for x')).toBe('max_tokens: solve for x')
})

test('a reply without end fits into the journal, and is told to be cut off', async () => {
  await using endpoint = await endpointThat(() => ({
    body: completion('語'.repeat(2_000_000), { model: 'm'.repeat(2_000_000) }),
  }))
  const answer = await endpoint.ask()
  expect(answer).toMatchObject({ ok: true, reply: { truncated: true, outputTokens: 4 } })
  expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(500_000)
})

test('a key that may not list models passes, and one that may do nothing does not', async () => {
  const check = async (message: string) => {
    await using endpoint = await endpointThat(() => ({ status: 403, body: { error: { message } } }))
    return await checkTeacher({ baseUrl: endpoint.baseUrl, apiKey: 'k' }, 'm')
  }
  const listless = 'You have insufficient permissions for this operation. Missing scopes: api.model.read.'
  await expect(check(listless)).resolves.toEqual({ contextTokens: null })
  await expect(check('Forbidden.')).rejects.toThrow('refuses the key (HTTP 403)')
})

test.each([
  ['of objects', [{ id: 'm', context_length: 8 }], { contextTokens: 8 }],
  ['of another name', { models: [{ name: 'm', max_model_len: 8 }] }, { contextTokens: 8 }],
  ['of names', { data: ['m'] }, { contextTokens: null }],
  ['inside an answer', { result: { models: [{ model: 'm' }] } }, { contextTokens: null }],
])('a list of models is read in whatever form: %s', async (_, body, found) => {
  await using endpoint = await endpointThat(() => ({ body }))
  await expect(checkTeacher({ baseUrl: endpoint.baseUrl, apiKey: '' }, 'm')).resolves.toEqual(found)
})

test.each([
  ['shutdown_date', { shutdown_date: '2127-01-14' }, 'is withdrawn on 2127-01-14'],
  ['a day that has passed', { shutdown_date: '2024-02-03' }, 'was withdrawn on 2024-02-03'],
  ['a time', { shutdownDate: '2127-01-14T23:00:00Z' }, 'is withdrawn on 2127-01-14'],
  ['OpenRouter', { expiration_date: '2127-02-01' }, 'is withdrawn on 2127-02-01'],
  ['Mistral', { deprecation: '2127-03-01T12:00:00+00:00', deprecation_replacement_model: 'n' }, 'on 2127-03-01'],
  ['Azure, by use, in seconds', { deprecation: { fine_tune: 4890000000, inference: 4950000000 } }, 'on 2126-11-10'],
  ['milliseconds', { 'retirement-date': 4950000000000 }, 'on 2126-11-10'],
  ['the first of several', { sunset_date: '2128-01-01', retires_at: '2127-01-01' }, 'on 2127-01-01'],
  ['none', { shutdown_date: null, expiration_date: '', deprecated: true, created: 1700000000 }, undefined],
  ['words', { shutdown_date: 'soon', eol: {} }, undefined],
])('a day on which a model ends is a warning: %s', async (_, fields, words) => {
  await using endpoint = await endpointThat(() => ({ body: { data: [{ id: 'm', context_length: 8192, ...fields }] } }))
  const { contextTokens, warning } = await checkTeacher({ baseUrl: endpoint.baseUrl, apiKey: '' }, 'm')
  expect(contextTokens).toBe(8192)
  if (words === undefined) expect(warning).toBeUndefined()
  else expect(warning).toMatch(new RegExp(`^The model "m" .*${words}, as http.*--model or SYLLABUS_MODEL`))
})

test.each([
  ['lacks the model', { data: [{ id: 'n' }] }, 'its list of models has n'],
  ['has it under another name', { data: [{ id: 'models/m' }, { id: 'M' }] }, 'has models/m, M'],
  ['is empty', { data: null }, 'its list of models is empty'],
  ['has no form', { error: 'Unexpected endpoint or method.' }, 'its list of models cannot be read (HTTP 200: {"error"'],
])('a list of models decides nothing where it %s: the first call does', async (_, body, warning) => {
  await using endpoint = await endpointThat((__, ___, path) =>
    path.endsWith('/models') ? { body } : { status: 400, body: { error: { message: 'no messages' } } },
  )
  const checked = await checkTeacher({ baseUrl: endpoint.baseUrl, apiKey: '' }, 'm')
  expect(checked).toMatchObject({ contextTokens: null, warning: expect.stringContaining(warning) })
})

test.each([
  ['refused', 401, { error: 'x-api-key header is required' }],
  ['a page', 200, '<html>Models</html>'],
])(
  'a list of models that is %s decides nothing where calls are taken: a request without content costs nothing',
  async (_, status, body) => {
    const asked: Body[] = []
    let isPage = false
    await using endpoint = await endpointThat((sent, __, path) => {
      if (path.endsWith('/models')) return { status, body }
      asked.push(sent)
      return isPage ? { body: '<html>Welcome</html>' } : { status: 422, body: 'missing field `messages`' }
    })
    const check = () => checkTeacher({ baseUrl: endpoint.baseUrl, apiKey: key }, 'm')
    expect((await check()).warning).toContain(`cannot be read (HTTP ${status}`)
    expect(asked).toEqual([{}])
    isPage = true
    await expect(check()).rejects.toThrow('is no OpenAI-compatible API (HTTP 200): <html>Welcome</html>')
  },
)

test('an address that lacks its version, or has the path of a call, is told with the right one', async () => {
  await using endpoint = await endpointThat((_, __, path) =>
    path === '/v1/models' ? { body: { data: [{ id: 'm' }] } } : { status: 404, body: 'no such path' },
  )
  const fix = `Set OPENAI_BASE_URL to ${endpoint.baseUrl}.`
  for (const baseUrl of [endpoint.baseUrl.replace('/v1', ''), `${endpoint.baseUrl}/chat/completions`])
    await expect(checkTeacher({ baseUrl, apiKey: '' }, 'm')).rejects.toMatchObject({ fix })
  await using bare = await endpointThat(() => ({ status: 404, body: 'no such path' }))
  await expect(checkTeacher({ baseUrl: bare.baseUrl, apiKey: '' }, 'm')).resolves.toEqual({ contextTokens: null })
})

test('an address that does not speak TLS is told with the one that works', async () => {
  await using endpoint = await endpointThat(() => ({ body: { data: [{ id: 'm' }] } }))
  const secure = endpoint.baseUrl.replace('http:', 'https:')
  await expect(checkTeacher({ baseUrl: secure, apiKey: '' }, 'm')).rejects.toMatchObject({
    message: expect.stringContaining(`There is no API at ${secure}`),
    fix: `Where it speaks without TLS: set OPENAI_BASE_URL to ${endpoint.baseUrl}.`,
  })
})

test('when the key is refused, what still waits is not sent', async () => {
  await using endpoint = await endpointThat((_, request) =>
    request <= 5 ? { body: completion('ab') } : { status: 401, body: 'no such key' },
  )
  const ends = await Promise.allSettled(Array.from({ length: 100 }, () => endpoint.ask()))
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
  expect(endpoint.sent.length).toBeLessThanOrEqual(5 + concurrency)
})

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])('a reply packed with %s is read, though nobody asked for it', async (encoding, pack) => {
  await using endpoint = await endpointThat(() => ({
    headers: { 'content-encoding': encoding },
    body: pack(JSON.stringify(completion('Hello.'))),
  }))
  expect(await endpoint.ask()).toMatchObject({ ok: true, reply: { text: 'Hello.', inputTokens: 3 } })
})

test('tokens that an endpoint does not count are estimated, and marked so', async () => {
  await using endpoint = await endpointThat(() => ({ body: completion('Hello there.', { usage: null }) }))
  const answer = await endpoint.ask()
  expect(answer).toMatchObject({ ok: true, reply: { inputTokens: 2, outputTokens: 3, estimated: true } })
})

test('a prompt that the endpoint moderates costs its own call; a key that is refused costs them all', async () => {
  const error = (message: string) => ({ status: 403, body: { error: { message } } })
  await using strict = await endpointThat(() => error('Your input was flagged by moderation.'))
  expect(await strict.ask()).toMatchObject({ ok: false, why: 'failed' })
  await using closed = await endpointThat(() => error('This key may not use the model.'))
  await expect(closed.ask()).rejects.toThrow(TeacherRefused)
})

const forbidden = (message: string) => ({ status: 403, body: { error: { message } } })

test('F1 F2 a 403 without a reason costs its own call once the endpoint has answered, and all of them where it goes on', async () => {
  let revoked = false
  await using endpoint = await endpointThat((_, request) =>
    revoked || request % 10 === 5 ? forbidden('Request blocked.') : { body: completion('ab') },
  )
  const answers = await Promise.all(Array.from({ length: 100 }, () => endpoint.ask()))
  const refused = answers.filter((answer) => !answer.ok)
  expect(refused).toHaveLength(10)
  for (const each of refused)
    expect(each).toMatchObject({ why: 'forbidden', reason: expect.stringMatching(/HTTP 403.*blocked/) })
  expect(endpoint.sent).toHaveLength(100)
  revoked = true
  const ends = await Promise.allSettled(Array.from({ length: 100 }, () => endpoint.ask()))
  const stopped = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
  for (const reason of stopped) expect(reason).toBeInstanceOf(TeacherRefused)
  // Half of the last 40 are enough, and what was under way by then.
  expect(endpoint.sent.length - 100).toBeLessThanOrEqual(20 + concurrency)
  expect(stopped.length).toBeGreaterThanOrEqual(100 - 20)
})

test('F2 an endpoint that comes back from it is used again', async () => {
  const states = [...Array(30).fill(true), ...Array(40).fill(false), true]
  await using endpoint = await endpointThat((_, request) =>
    request > 1 && states[request - 2] ? forbidden('Request blocked.') : { body: completion('ab') },
  )
  const ends: string[] = []
  for (let n = 0; n <= states.length; n++) {
    ends.push(
      await endpoint.ask().then(
        (answer) => (answer.ok ? 'ok' : answer.why),
        () => 'stopped',
      ),
    )
  }
  expect(ends.filter((end) => end === 'ok')).toHaveLength(1 + 40)
  // One answer and nineteen of these are the twenty requests that are enough.
  expect(ends.slice(1, 19)).toEqual(Array(18).fill('forbidden'))
  expect(ends[25]).toBe('stopped')
  expect(ends.at(-1)).toBe('forbidden')
})

test.each([
  [
    'with the new address',
    '/v2/chat/completions?token=planted',
    'http://127.0.0.1',
    /Set OPENAI_BASE_URL to http:\/\/127\.0\.0\.1:\d+\/v2\./,
  ],
  [
    'to a login',
    'https://u:planted@sso.test/login?next=planted',
    'https://sso.test/login',
    /address that answers itself: sso\.test may be a login/,
  ],
])(
  'a redirect %s is told with its host and how to fix it, without what may be secret',
  async (_, location, to, fix) => {
    await using endpoint = await endpointThat(() => ({ status: 302, headers: { location }, body: '' }))
    const error = await endpoint.ask().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TeacherRefused)
    const { message } = error as Error
    expect(message).toContain(`HTTP 302: the API has moved to ${to}`)
    expect(message).toMatch(fix)
    expect(message).not.toContain('planted')
  },
)

test.each<[string, ModelReply]>([
  ['pages', { headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' }],
  ['nothing', { status: 204, body: '' }],
  ['completions without choices', { body: { ...completion('ab'), choices: [] } }],
  ['replies without text', { body: completion(null) }],
  ['refusals of every request', { status: 400, body: { error: { message: 'Bad thing.' } } }],
  ['errors without a name', asSuccess({ message: 'something went wrong' })],
  ['replies that an error ended', { body: { choices: [{ finish_reason: 'error', message: { content: 'a' } }] } }],
])(
  'U1 an endpoint that gives %s alone is given up after a handful of requests, and what it gave is shown',
  async (_, respond) => {
    await using endpoint = await endpointThat(() => respond)
    const ends = await Promise.allSettled(Array.from({ length: 60 }, () => endpoint.ask()))
    const reasons = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []))
    expect(endpoint.sent.length).toBeLessThanOrEqual(5)
    expect(reasons.length).toBeGreaterThanOrEqual(60 - 5)
    const shown =
      typeof respond.body === 'string'
        ? respond.body || 'an empty body'
        : /empty reply|HTTP \d+: \{|finish reason "error", HTTP 200/
    for (const reason of reasons) expect(reason).toMatch(shown)
    expect(reasons[0]).toContain('none of 5 answers could be used')
    // What comes right after it is not sent at all.
    await expect(endpoint.ask()).rejects.toThrow(TeacherRefused)
    expect(endpoint.sent.length).toBeLessThanOrEqual(5)
  },
)

test('U1 U2 single answers that cannot be read cost their own call a try; where most are so, every call ends', async () => {
  const met = new Set<unknown>()
  /** The first request of every fourth call. */
  let isLogin = ({ temperature }: Body): boolean => {
    const isFirst = !met.has(temperature)
    met.add(temperature)
    return isFirst && Number(temperature) % 4 === 1
  }
  await using endpoint = await endpointThat((asked) => ({
    body: isLogin(asked) ? '<html>Sign in</html>' : completion('ab'),
  }))
  const answers = await Promise.all(Array.from({ length: 60 }, (_, call) => endpoint.ask(call)))
  expect(answers.every(({ ok }) => ok)).toBe(true)
  // Every second answer, the first of each call: what comes at the second time of asking is not lost.
  isLogin = ({ temperature }) => met.size < met.add(Number(temperature) + 0.5).size
  const again = await Promise.all(Array.from({ length: 60 }, (_, call) => endpoint.ask(call)))
  expect(again.every(({ ok }) => ok)).toBe(true)
  isLogin = () => true
  const before = endpoint.sent.length
  const ends = await Promise.allSettled(Array.from({ length: 100 }, () => endpoint.ask()))
  expect(endpoint.sent.length - before).toBeLessThanOrEqual(40 + concurrency)
  expect(ends.some((end) => end.status === 'rejected' && String(end.reason).includes('Sign in'))).toBe(true)
})

test('what an endpoint bills for answers that are no reply is told with the reply that comes at last', async () => {
  await using endpoint = await endpointThat((_, request) => ({
    body: request < 3 ? { ...completion('ab'), choices: [] } : completion('ab'),
  }))
  expect(await endpoint.ask()).toMatchObject({ ok: true, reply: { inputTokens: 3 }, billed: { input: 6, output: 8 } })
  expect(await endpoint.ask()).not.toHaveProperty('billed')
})

test('a reply that its endpoint cut off and sent as an error is one that was cut off', async () => {
  const message =
    'Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.'
  await using endpoint = await endpointThat(() => ({ status: 400, body: { error: { message } } }))
  expect(await endpoint.ask()).toMatchObject({ ok: true, reply: { text: '', truncated: true, refused: false } })
  expect(endpoint.sent).toHaveLength(1)
})

test('a reply that is cut off where its endpoint allows no more says so: a higher limit would not help', async () => {
  await using endpoint = await endpointThat(({ max_tokens }) =>
    Number(max_tokens) > 100
      ? { status: 400, body: { error: { message: 'max_tokens must be between 1 and 100' } } }
      : { body: { choices: [{ finish_reason: 'length', message: { content: 'a' } }] } },
  )
  const answer = await endpoint.ask(0.7, 400)
  expect(answer).toMatchObject({ ok: true, reply: { truncated: true, room: 100 } })
  expect(answer.ok && whyIncomplete(answer.reply)).toBe('it was cut off at 100 tokens, and its endpoint allows no more')
})

test('a pause that Bedrock asks for in words about tokens is made', async () => {
  const body = { message: 'Too many tokens, please wait before trying again.' }
  await using endpoint = await endpointThat((_, request) =>
    request === 1 ? { status: 429, body } : { body: completion('ab') },
  )
  expect(await endpoint.ask()).toMatchObject({ ok: true })
})

const quota = 'Rate limit exceeded: free-models-per-day.'
test.each<[string, ModelReply, RegExp]>([
  ['of a day', { status: 429, body: { error: { message: quota } } }, /free-models-per-day/],
  [
    'of a day with its reset',
    { status: 429, headers: { 'retry-after': '39600' }, body: { error: { message: quota } } },
    /asks to be left alone until \d{4}-\d\d-\d\d \d\d:\d\d UTC \(11\.0 hours\)/,
  ],
  [
    'that is reset in hours',
    { status: 429, headers: { 'retry-after': '7200' }, body: 'slow down' },
    /HTTP 429.*slow down.*2\.0 hours/,
  ],
  [
    'of a day with the short wait that Google adds to it',
    {
      status: 429,
      body: [
        {
          error: {
            code: 429,
            message: 'You exceeded your current quota. Please retry in 32.7s.',
            status: 'RESOURCE_EXHAUSTED',
            details: [
              { violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier', quotaValue: '50' }] },
              { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '32s' },
            ],
          },
        },
      ],
    },
    /retry in 32\.7s.*a quota of a day or longer; the 3\d s that it asks to wait may be of a shorter limit$/,
  ],
  [
    'of a day with a wait in milliseconds',
    { status: 429, headers: { 'retry-after-ms': '700' }, body: { error: { message: quota } } },
    /the 1 s that it asks to wait/,
  ],
  [
    'of a day with a wait of minutes',
    { status: 429, headers: { 'retry-after': '240' }, body: { error: { message: quota } } },
    /the 4 minutes that it asks to wait/,
  ],
  [
    'of a month with its reset in days',
    { status: 429, headers: { 'retry-after': '864000' }, body: { error: { message: 'Monthly quota exceeded' } } },
    /What is used up is a quota of a day or longer\. It asks to be left alone until .* \(10\.0 days\)/,
  ],
])('a quota %s stops every call at once', async (_, respond, words) => {
  await using endpoint = await endpointThat(() => respond)
  const ends = await Promise.allSettled(Array.from({ length: 50 }, () => endpoint.ask()))
  expect(endpoint.sent).toHaveLength(1)
  for (const end of ends)
    expect(end).toMatchObject({ status: 'rejected', reason: { message: expect.stringMatching(words) } })
})

test('a limit of a minute is waited for, though it hints at one of a day', async () => {
  const message =
    'Rate limit exceeded: free-models-per-min. Add credits to unlock 1000 requests per day. Try again in 120ms.'
  await using endpoint = await endpointThat((_, request) =>
    request === 1 ? { status: 429, body: { error: { message } } } : { body: completion('ab') },
  )
  const startedAt = performance.now()
  expect(await endpoint.ask()).toMatchObject({ ok: true })
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(110)
})

test('a refusal of the model is told in its words, and is no reason to ask again', async () => {
  await using endpoint = await endpointThat(() => ({
    body: { choices: [{ finish_reason: 'stop', message: { content: null, refusal: 'I cannot help with that.' } }] },
  }))
  expect(await endpoint.ask()).toMatchObject({
    ok: true,
    reply: { refused: true, refusal: '"I cannot help with that."' },
  })
  expect(endpoint.sent).toHaveLength(1)
})
