import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Asked = {
  messages: { role: string; content: string }[]
  /** The format asked for: json_schema, json_object or text. */
  format: string
  authorization: string | undefined
  /** The whole body. */
  body: Readonly<Record<string, unknown>>
}
/** What the server says to one request: text, an HTTP status with a body, a text cut off, or nothing for as long as the client waits. */
export type ModelReply =
  | string
  | { hang: true }
  | { status: number; body: string; headers?: Record<string, string> }
  | { truncated: string }

type ServerOptions = {
  /** Refuses every other key; left out: any will do. */
  key?: string
  model?: string
  /** Answers what is no planner's question: a planner begins with a system turn, a teacher's prompt does not. */
  teacher?: (asked: Asked) => ModelReply
}

/** A real HTTP server that speaks the OpenAI chat API and answers as the script says. */
export async function openPlannerServer(
  answer: (asked: Asked, call: number) => ModelReply | Promise<ModelReply>,
  { key, model = 'scripted', teacher }: ServerOptions = {},
) {
  const asked: Asked[] = []
  let taught = 0
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const send = (status: number, body: string, headers: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
    const { authorization } = request.headers
    if (key !== undefined && authorization !== `Bearer ${key}`) return send(401, '{"error":{"message":"bad key"}}')
    if (request.url === '/v1/models') return send(200, JSON.stringify({ data: [{ id: model }] }))
    const body = JSON.parse(Buffer.concat(chunks).toString() || '{}')
    const seen: Asked = {
      messages: body.messages,
      format: body.response_format?.type ?? 'text',
      authorization,
      body,
    }
    const isTaught = teacher !== undefined && seen.messages[0]?.role !== 'system'
    if (isTaught) taught += 1
    else asked.push(seen)
    const printed = isTaught ? teacher(seen) : await answer(seen, asked.length)
    if (typeof printed === 'object' && 'hang' in printed) return
    if (typeof printed === 'object' && 'status' in printed) return send(printed.status, printed.body, printed.headers)
    const truncated = typeof printed === 'object'
    const message = { role: 'assistant', content: truncated ? printed.truncated : printed }
    const completion = {
      id: 'reply',
      object: 'chat.completion',
      created: 0,
      model,
      choices: [{ index: 0, finish_reason: truncated ? 'length' : 'stop', message }],
      usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
    }
    return send(200, JSON.stringify(completion))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    endpoint: { baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'test-key' },
    model,
    /** What the planner asked, in order. */
    asked,
    /** Requests that the teacher answered. */
    get taught() {
      return taught
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
