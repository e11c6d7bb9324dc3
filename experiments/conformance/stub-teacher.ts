import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sha256 } from '../../schemas/hash.ts'

/** An OpenAI-compatible endpoint on this machine that costs nothing: equal prompts get equal replies. */
export type StubTeacher = AsyncDisposable & {
  readonly url: string
  readonly model: string
  /** How long it takes to answer; read at each request. */
  latencyMs: number
  /** Requests since the count was reset, and those that are not answered yet. */
  readonly requests: number
  readonly inFlight: number
  /** Requests that asked what was asked before. */
  readonly repeated: number
  reset(): void
}

/** A row as the built-in prompts ask for it: a problem with its worked answer, which follows from the prompt alone. */
function replyTo(prompt: string): string {
  const n = Number.parseInt(sha256(prompt).slice(0, 6), 16)
  const [count, price] = [2 + (n % 97), 1 + (n % 9973) / 100]
  const total = (count * price).toFixed(2)
  return JSON.stringify({
    input: `Depot ${n} orders ${count} crates at ${price.toFixed(2)} each. What is to be paid?`,
    output: `${count} times ${price.toFixed(2)} is ${total}. The answer is therefore \\boxed{${total}}.`,
  })
}

async function promptOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return JSON.stringify(JSON.parse(Buffer.concat(chunks).toString()).messages)
}

/** `reply`: what it answers to the JSON text of a request's messages; left out: a row of its own for each prompt. */
export async function startStubTeacher(reply: (prompt: string) => string = replyTo): Promise<StubTeacher> {
  const model = 'stub'
  const asked = new Set<string>()
  let [requests, inFlight, repeated] = [0, 0, 0]
  const server = createServer(async (request, response) => {
    const send = (body: unknown) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (request.method !== 'POST') return void send({ data: [{ id: model }] })
    const prompt = await promptOf(request).catch(() => null)
    if (prompt === null) return void response.writeHead(400).end('{"error":{"message":"no chat completion"}}')
    requests += 1
    inFlight += 1
    if (asked.has(prompt)) repeated += 1
    asked.add(prompt)
    response.once('close', () => {
      inFlight -= 1
    })
    const message = { role: 'assistant', content: reply(prompt) }
    const usage = { prompt_tokens: 40, completion_tokens: 30, total_tokens: 70 }
    const body = {
      id: 'c',
      object: 'chat.completion',
      model,
      choices: [{ index: 0, finish_reason: 'stop', message }],
      usage,
    }
    setTimeout(() => send(body), stub.latencyMs)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stub: StubTeacher = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    model,
    latencyMs: 5,
    get requests() {
      return requests
    },
    get inFlight() {
      return inFlight
    },
    get repeated() {
      return repeated
    },
    reset() {
      requests = 0
      repeated = 0
      asked.clear()
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
  return stub
}
