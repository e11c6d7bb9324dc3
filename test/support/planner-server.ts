import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Asked = {
  messages: { role: string; content: string }[]
  structured: boolean
  authorization: string | undefined
}
/** What the server says to one request: text, an HTTP status with a body, a text that is cut off, or nothing for as long as the client waits. */
export type Said =
  | string
  | { hang: true }
  | { status: number; body: string; headers?: Record<string, string> }
  | { cut: string }

/** A real HTTP server that speaks the OpenAI chat API and answers as the script says. */
export async function openPlannerServer(answer: (asked: Asked, call: number) => Said) {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = JSON.parse(Buffer.concat(chunks).toString() || '{}')
    const seen: Asked = {
      messages: body.messages,
      structured: body.response_format?.type === 'json_schema',
      authorization: request.headers.authorization,
    }
    asked.push(seen)
    const said = answer(seen, asked.length)
    if (typeof said === 'object' && 'hang' in said) return
    if (typeof said === 'object' && 'status' in said) {
      response.writeHead(said.status, { 'content-type': 'application/json', ...said.headers }).end(said.body)
      return
    }
    const cut = typeof said === 'object'
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        id: 'reply',
        object: 'chat.completion',
        created: 0,
        model: 'scripted',
        choices: [
          {
            index: 0,
            finish_reason: cut ? 'length' : 'stop',
            message: { role: 'assistant', content: cut ? said.cut : said },
          },
        ],
        usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    endpoint: { baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: 'test-key' },
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
