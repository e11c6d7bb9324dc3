import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sha256 } from '../../schemas/hash.ts'

export type TeacherFaults = {
  /** Shares of the prompts whose first request ends so. */
  http500?: number
  http429?: number
  hang?: number
  cutText?: number
  cutBody?: number
  empty?: number
  refused?: number
}

export type TeacherServerOptions = {
  /** Asked for each request where it is a function. */
  latencyMs?: number | (() => number)
  hangMs?: number
  /** Every this many prompts one repeats the one before. 0: none. */
  duplicateEvery?: number
  faults?: TeacherFaults
  /** What is answered instead of everything else, as long as it says so. */
  outage?: () => { status: number; retryAfterS?: number; body?: string } | null
  /** Fields of a request that it does not take. */
  refuses?: readonly string[]
  /** What a judge says of the prompt that holds its row; left out: five. */
  judge?: (prompt: string) => string
  /** Every this many solutions of a vote one is wrong. 0: none. */
  wrongEvery?: number
  key?: string
  model?: string
  /** Where it listens; left out: on the loopback interface. */
  host?: string | undefined
  /** Size of the model's context in characters of the prompt: longer ones are refused. */
  contextChars?: number
  /** What the list of models says of it. */
  contextTokens?: number
}

export type TeacherServer = AsyncDisposable & {
  url: string
  model: string
  readonly requests: number
  /** Requests for a vote's solutions and for verdicts. */
  readonly votes: number
  readonly verdicts: number
  /** Requests by prompt number. */
  readonly byPrompt: ReadonlyMap<number, number>
  /** Requests by the key that they came with. */
  readonly byKey: ReadonlyMap<string, number>
  readonly inFlight: number
  readonly maxInFlight: number
  /** Milliseconds of the clock: the first request's arrival and the last one's answer. */
  readonly firstAt: number
  /** The last request's arrival. */
  readonly lastAskedAt: number
  readonly lastAt: number
}

/** The template whose prompts this server understands. */
export const teacherTemplate = 'Write problem number {{index}}: a word problem about the price of some crates.'

/** The row of one prompt: equal prompts, equal rows; every `duplicateEvery`th repeats the one before. */
export function teacherRow(prompt: number, duplicateEvery: number): { input: string; output: string } {
  const n = duplicateEvery > 0 && prompt % duplicateEvery === duplicateEvery - 1 ? prompt - 1 : prompt
  const [count, price] = [2 + (n % 97), 1 + n / 100]
  const total = (count * price).toFixed(2)
  return {
    input: `Depot ${1000 + n} orders ${count} crates at ${price.toFixed(2)} each. What is to be paid?`,
    output: `${count} times ${price.toFixed(2)} is ${total}. The answer is therefore \\boxed{${total}}.`,
  }
}

const kinds = ['http500', 'http429', 'hang', 'cutText', 'cutBody', 'empty', 'refused'] as const

/** Which fault the first request of a prompt meets. */
function faultOf(prompt: number, faults: TeacherFaults): (typeof kinds)[number] | null {
  const at = Number.parseInt(sha256(`fault ${prompt}`).slice(0, 8), 16) / 2 ** 32
  let upTo = 0
  for (const kind of kinds) {
    upTo += faults[kind] ?? 0
    if (at < upTo) return kind
  }
  return null
}

/** A real HTTP server that plays an OpenAI-compatible teacher with a fixed latency and planted faults. */
export async function startTeacherServer(options: TeacherServerOptions = {}, port = 0): Promise<TeacherServer> {
  const {
    hangMs = 45_000,
    duplicateEvery = 0,
    faults = {},
    key = '',
    model = 'test-teacher',
    host = '127.0.0.1',
  } = options
  const byPrompt = new Map<number, number>()
  const byKey = new Map<string, number>()
  const timers = new Set<NodeJS.Timeout>()
  const seen = {
    requests: 0,
    votes: 0,
    verdicts: 0,
    inFlight: 0,
    maxInFlight: 0,
    firstAt: 0,
    lastAskedAt: 0,
    lastAt: 0,
  }
  const later = (ms: number, act: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      act()
    }, ms)
    timers.add(timer)
  }

  const completion = (content: string | null, extra: { finish?: string; refusal?: string } = {}) =>
    JSON.stringify({
      id: 'c',
      object: 'chat.completion',
      model,
      choices: [
        {
          index: 0,
          finish_reason: extra.finish ?? 'stop',
          message: { role: 'assistant', content, refusal: extra.refusal ?? null },
        },
      ],
      usage: { prompt_tokens: 40, completion_tokens: 30, total_tokens: 70 },
    })

  function check(asked: string): string {
    if (asked.includes('--- row ')) {
      seen.verdicts += 1
      return options.judge?.(asked) ?? verdict(asked, 5)
    }
    seen.votes += 1
    return options.wrongEvery && seen.votes % options.wrongEvery === 0 ? 'It is \\boxed{0.01}.' : solve(asked)
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const send = (status: number, body: string, headers: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
    if (key && request.headers.authorization !== `Bearer ${key}`)
      return void send(401, '{"error":{"message":"bad key"}}')
    if (request.url === '/v1/models')
      return void send(200, JSON.stringify({ data: [{ id: model, max_model_len: options.contextTokens }] }))
    if (request.url !== '/v1/chat/completions') return void send(404, '{}')
    seen.requests += 1
    const given = request.headers.authorization?.replace('Bearer ', '') ?? ''
    byKey.set(given, (byKey.get(given) ?? 0) + 1)
    seen.lastAskedAt = Date.now()
    seen.firstAt ||= seen.lastAskedAt
    seen.inFlight += 1
    seen.maxInFlight = Math.max(seen.maxInFlight, seen.inFlight)
    response.once('close', () => {
      seen.inFlight -= 1
      seen.lastAt = Date.now()
    })
    const body = JSON.parse(Buffer.concat(chunks).toString()) as { messages: { content: string }[] }
    const prompt = Number(/problem number (\d+)/.exec(body.messages[0]!.content)?.[1] ?? -1)
    const before = byPrompt.get(prompt) ?? 0
    byPrompt.set(prompt, before + 1)
    const refused = options.refuses?.find((field) => field in body)
    if (refused !== undefined) return void send(400, `{"error":{"message":"Unsupported parameter: '${refused}'."}}`)
    const length = body.messages.reduce((sum, { content }) => sum + content.length, 0)
    if (options.contextChars !== undefined && length > options.contextChars) {
      const message = `This model's maximum context length is ${options.contextChars} characters, and you sent ${length}.`
      return void send(400, JSON.stringify({ error: { message, code: 'context_length_exceeded' } }))
    }
    const { latencyMs: latency = 5 } = options
    const latencyMs = typeof latency === 'function' ? latency() : latency
    const out = options.outage?.()
    if (out) {
      const wish: Record<string, string> =
        out.retryAfterS === undefined ? {} : { 'retry-after': String(out.retryAfterS) }
      return later(1, () => send(out.status, out.body ?? '{"error":{"message":"away"}}', wish))
    }
    if (prompt < 0) return later(latencyMs, () => send(200, completion(check(body.messages.at(-1)!.content))))
    const text = JSON.stringify(teacherRow(prompt, duplicateEvery))
    const whole = completion(text)
    switch (before === 0 ? faultOf(prompt, faults) : null) {
      case 'http500':
        return later(latencyMs, () => send(500, '{"error":{"message":"planted"}}'))
      case 'http429':
        return later(latencyMs, () => send(429, '{"error":{"message":"planted"}}', { 'retry-after': '2' }))
      case 'hang':
        return later(hangMs, () => send(200, whole))
      case 'cutText':
        return later(latencyMs, () => send(200, completion(text.slice(0, text.length / 2), { finish: 'length' })))
      case 'cutBody':
        return later(latencyMs, () => send(200, whole.slice(0, whole.length / 2)))
      case 'empty':
        return later(latencyMs, () => send(200, completion('')))
      case 'refused':
        return later(latencyMs, () => send(200, completion(null, { refusal: 'no' })))
      case null:
        return later(latencyMs, () => send(200, whole))
    }
  }

  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()))
  server.keepAliveTimeout = 60_000
  server.listen(port, host)
  await once(server, 'listening')
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/v1`,
    model,
    byPrompt,
    byKey,
    get requests() {
      return seen.requests
    },
    get votes() {
      return seen.votes
    },
    get verdicts() {
      return seen.verdicts
    },
    get inFlight() {
      return seen.inFlight
    },
    get maxInFlight() {
      return seen.maxInFlight
    },
    get firstAt() {
      return seen.firstAt
    },
    get lastAskedAt() {
      return seen.lastAskedAt
    },
    get lastAt() {
      return seen.lastAt
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer)
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A judge's verdict on the row that a prompt holds. */
export function verdict(prompt: string, score: number): string {
  const mark = /--- row (\w+) ---/.exec(prompt)?.[1]
  return JSON.stringify({ mark, score, reason: 'as the test wants' })
}

/** Solves a problem of its own kind, for a vote. */
function solve(question: string): string {
  const found = /orders (\d+) crates at (\d+\.\d\d) each/.exec(question)
  return found ? `It is \\boxed{${(Number(found[1]) * Number(found[2])).toFixed(2)}}.` : 'I do not know.'
}
