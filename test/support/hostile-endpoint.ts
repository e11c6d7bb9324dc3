import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { createDice } from './dice.ts'

/** A right one to whatever is asked: a completion, embeddings of one text, a list of models. */
const rightBody = JSON.stringify({
  choices: [{ index: 0, message: { role: 'assistant', content: 'fine' }, finish_reason: 'stop' }],
  data: [{ id: 'm', index: 0, embedding: [1, 2] }],
})
const right = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${rightBody.length}\r\n\r\n${rightBody}`)

/** Makes answers over HTTP that no endpoint of models should give, and some right ones; the same for the same seed. */
export function hostileAnswers(seed: number) {
  const { int, bytes, chance, pick, noise } = createDice(seed)
  const odd = () => pick([null, true, -1, 1e308, '', 'x', [], {}, [null], { '0': 1 }, noise(4)])

  const message = () => ({ role: 'assistant', content: pick(['fine', '', null, 7, [], [{ type: 'text', text: 'a' }]]) })
  const choice = () => pick([{ index: 0, message: message(), finish_reason: pick(['stop', 'length', null, 7]) }, odd()])
  const value = () =>
    pick([
      () => ({ choices: [choice()], usage: pick([{ prompt_tokens: 1, completion_tokens: odd() }, odd()]) }),
      () => ({ choices: pick([[], [choice(), choice()], odd()]) }),
      () => ({ data: odd() }),
      () => ({ data: [{ index: pick([0, 0, 0, -1, 1]), embedding: pick([[1, 2], [1, 2], [0, 0], [], odd()]) }] }),
      () => ({ data: [{ id: 'm', context_length: odd(), meta: odd() }] }),
      () => ({ error: pick([odd(), { message: odd(), code: odd(), type: odd() }]) }),
      () => ({ detail: [{ loc: odd(), msg: odd() }], message: odd() }),
      odd,
    ])()
  const text = () =>
    pick([
      () => JSON.stringify(value()),
      () => JSON.stringify(value()).slice(0, int(0, 60)),
      () => `data: ${JSON.stringify(value())}\n\ndata: [DONE]\n\n`,
      () => pick(['NaN', '1e999', '"\\ud800"', '{"__proto__":{"choices":1}}', '<html>', '\ufeff{}', '']),
      () => '['.repeat(int(1, 50_000)),
      () => `${'{"choices":'.repeat(5000)}1${'}'.repeat(5000)}`,
      () => noise(80),
    ])()

  const packings = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }
  function packed(plain: Buffer): { lines: string[]; body: Buffer } {
    const coding = pick(['gzip', 'deflate', 'br'] as const)
    const body = chance(60) ? packings[coding](plain) : plain
    const named = chance(80) ? coding : pick(['identity', 'zstd', 'gzip, gzip', '__proto__', 'constructor', noise(4)])
    return { lines: [`content-encoding: ${named}`], body: chance(80) ? body : body.subarray(0, int(0, body.length)) }
  }

  function framed(body: Buffer): { lines: string[]; body: Buffer } {
    if (chance(60)) return { lines: [`content-length: ${body.length}`], body }
    const size = body.length.toString(16)
    return pick([
      { lines: [], body },
      { lines: [`content-length: ${pick(['-1', '0', '3', '99999', '1e3', 'x', '18446744073709551616'])}`], body },
      { lines: ['content-length: 1', 'content-length: 2'], body },
      {
        lines: ['transfer-encoding: chunked'],
        body: Buffer.concat([Buffer.from(`${size}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]),
      },
      { lines: ['transfer-encoding: chunked', 'content-length: 5'], body },
      {
        lines: [`transfer-encoding: ${pick(['chunked', 'gzip', 'chunked, chunked'])}`, 'trailer: x'],
        body: Buffer.from(pick(['g\r\n', '0\r\nx: y\r\n\r\n', 'ffffffffffffffff\r\n', '5\r\nabc'])),
      },
    ])
  }

  const header = () =>
    pick([
      () => `retry-after: ${pick(['0', '-1', '1e999', '99999999999', 'NaN', 'Wed, 99 Foo 2026', '', noise(6)])}`,
      () =>
        `location: ${pick(['http://[', '//', '/elsewhere', 'file:///etc/passwd', 'https://a:99999/', '', noise(8)])}`,
      () => `connection: ${pick(['close', 'upgrade', 'keep-alive, close', noise(4)])}`,
      () => `upgrade: ${pick(['websocket', 'h2c', ''])}`,
      () => `content-type: ${pick(['text/event-stream', 'application/json; charset=klingon', 'x', ''])}`,
      () => `keep-alive: timeout=${pick(['0', '-1', 'x', '1e99'])}`,
      () => `set-cookie: ${noise(30)}`,
      () => `long: ${'y'.repeat(int(1, 70_000))}`,
      () => pick([' folded', 'no colon', ': no name', 'a b: c', '__proto__: x', `${noise(5)}: ${noise(9)}`]),
    ])()
  const status = () =>
    chance(50)
      ? '200 OK'
      : pick(
          [
            '101 Switching',
            '204 None',
            '304 Same',
            '301 Moved',
            '307 Moved',
            '400 Bad',
            '401 No',
            '402 Pay',
            '403 No',
          ].concat([
            '404 No',
            '413 Big',
            '422 No',
            '429 Many',
            '500 Oh',
            '503 Away',
            '599',
            '999 x',
            '0 x',
            '20',
            '-1',
            '2000000',
          ]),
        )

  return {
    int,
    chance,
    answer(): Buffer {
      if (chance(10)) return right
      if (chance(4)) return bytes(int(0, 200))
      if (chance(2)) return Buffer.from('HTTP/1.1 101 Other\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
      const plain = Buffer.from(text(), chance(80) ? 'utf8' : 'latin1')
      const coded = chance(20) ? packed(plain) : { lines: [], body: plain }
      const { lines, body } = framed(coded.body)
      const more = Array.from({ length: chance(50) ? 0 : int(1, 3) }, header)
      const version = chance(95) ? 'HTTP/1.1' : pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/', 'ICY', ''])
      const early = chance(95)
        ? ''
        : pick(['100 Continue', '103 Early', '102 Wait']).replace(/.*/, 'HTTP/1.1 $&\r\n\r\n')
      const head = [`${version} ${status()}`, ...coded.lines, ...lines, ...more].join('\r\n')
      return Buffer.concat([Buffer.from(`${early.repeat(int(1, 40))}${head}\r\n\r\n`, 'latin1'), body])
    },
  }
}

export type HostileEndpoint = AsyncDisposable & { url: string; readonly requests: number }

/** Answers every request with such bytes, in two pieces, and then keeps, ends or breaks the connection. */
export async function startHostileEndpoint(seed: number): Promise<HostileEndpoint> {
  const { int, chance, answer } = hostileAnswers(seed)
  let requests = 0
  const server = createServer((socket) => {
    let asked = ''
    socket.on('error', () => {})
    socket.setEncoding('latin1').on('data', (more: string) => {
      asked += more
      const end = asked.indexOf('\r\n\r\n') + 4
      const length = Number(/^content-length: (\d+)/im.exec(asked)?.[1] ?? 0)
      if (end < 4 || asked.length < end + length) return
      asked = ''
      requests++
      const bytes = answer()
      const truncated = int(0, bytes.length)
      socket.write(bytes.subarray(0, truncated))
      setImmediate(() => {
        socket.write(bytes.subarray(truncated))
        if (chance(80)) socket.end()
        else if (chance(90)) socket.destroy()
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    get requests() {
      return requests
    },
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}
