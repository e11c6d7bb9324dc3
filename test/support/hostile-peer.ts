import { createDice } from './dice.ts'

/** Who the bytes are made for: what a right request must name. */
export type ConsumerRef = { port: number; token: string; run: string }

/** Makes bytes that no browser sends, the same for the same seed. */
export function hostilePeer(seed: number, { port, token, run }: ConsumerRef) {
  const { int, bytes, chance, pick, noise } = createDice(seed)
  const some = (most: number, make: () => string) => Array.from({ length: int(0, most) }, make).join('')
  const right = encodeURIComponent(token)

  const tables = ['/read', '/read/rows', '/read/row', '/read/answers', '/read/labels', '/read/report', '/read/..']

  const piece = () =>
    pick([
      '/',
      '//',
      '.',
      '..',
      '\\',
      '%',
      '%00',
      '%2e',
      '%ff',
      '?',
      '&',
      '=',
      '#',
      ':',
      '@',
      '[',
      ']',
      'a',
      '99999999',
      '*',
      ' ',
      '\t',
      '|',
      noise(3),
    ])
  const query = () =>
    pick([
      `token=${right}`,
      `token=${right}&run=${run}`,
      `token=${right}&run=${pick(['', 'BAD RUN', '__proto__', '*', '>', 'a.b', noise(5)])}`,
      `token=${right}&run=${run}&from=${pick(['0', '-1', '1e999', 'NaN', '9007199254740993', '1.5', '0x10', noise(3)])}`,
      `run=${run}`,
      `token=${right}&run=${run}&${pick(['id', 'search', 'model', 'refused', 'limit'])}=${pick(['1', '..', noise(5)])}`,
      `token=wrong&token=${right}`,
      `token=${'x'.repeat(int(0, 300))}`,
      some(8, piece),
    ])
  const target = () =>
    pick([
      () => pick(['/', '/page.ts', '/theme.css', '/nothing.js', '/ws', '/session', '/try', ...tables]),
      () =>
        pick([
          '//',
          '///',
          '/\\',
          'http://',
          'http://[',
          'ws://',
          '*',
          '',
          '//[::1',
          '//a:99999/',
          '/%zz',
          '/..%2f..%2fetc/passwd',
        ]),
      () => `${pick(['/ws', '/session', '/try', '/', '//ws', '/ws/', '/WS', ...tables])}?${query()}`,
      () => `/${some(12, piece)}`,
      () => some(6, piece),
    ])()
  const method = () =>
    chance(70)
      ? 'GET'
      : pick(['HEAD', 'POST', 'PUT', 'OPTIONS', 'TRACE', 'CONNECT', 'PRI', 'M-SEARCH', 'get', '', 'G ET', noise(6)])
  const host = () =>
    chance(70)
      ? `127.0.0.1:${port}`
      : pick([
          'evil.example',
          `evil.example:${port}`,
          '',
          '[::1',
          `localhost:${port}`,
          '\u00e9',
          noise(8),
          'a'.repeat(500),
        ])
  const header = () =>
    pick([
      () => `connection: ${pick(['upgrade', 'keep-alive, Upgrade', 'close', '', noise(4)])}`,
      () => `upgrade: ${pick(['websocket', 'WebSocket', 'h2c', '', 'websocket, websocket', noise(4)])}`,
      () => `sec-websocket-key: ${pick(['dGhlIHNhbXBsZSBub25jZQ==', '', 'short', 'A'.repeat(400), noise(24)])}`,
      () => `sec-websocket-version: ${pick(['13', '8', '0', '-13', '13, 13', 'NaN', ''])}`,
      () => `sec-websocket-protocol: ${pick(['a', 'a,a', ',', '', noise(6)])}`,
      () =>
        `sec-websocket-extensions: ${pick(['permessage-deflate', 'permessage-deflate; server_max_window_bits=99', ';', noise(6)])}`,
      () => `origin: ${pick([`http://127.0.0.1:${port}`, 'http://evil.example', 'null', '', noise(6)])}`,
      () => `content-length: ${pick(['0', '5', '-1', '99999999999999999999', 'x', '5, 6', '1e3'])}`,
      () => `transfer-encoding: ${pick(['chunked', 'chunked, chunked', 'gzip', 'xchunked', ' chunked'])}`,
      () => `content-type: ${pick(['application/json', 'text/plain', 'application/json; charset=utf-16', ''])}`,
      () => `expect: ${pick(['100-continue', 'nothing', ''])}`,
      () => `${pick(['x', 'cookie', '__proto__', 'constructor', noise(5)])}: ${noise(20)}`,
      () => pick(['no colon', ' folded', ': no name', 'a\0b: c', `long: ${'y'.repeat(int(0, 20_000))}`]),
      () => `host: ${host()}`,
    ])()

  /** Cuts, inserts, changes or repeats some of the bytes. */
  function spoil(made: Buffer): Buffer {
    const at = int(0, made.length)
    const to = Math.min(made.length, at + int(1, 8))
    const middle = pick([
      Buffer.alloc(0),
      bytes(int(1, 6)),
      Buffer.concat([made.subarray(at, to), made.subarray(at, to)]),
    ])
    return chance(20) ? made.subarray(0, at) : Buffer.concat([made.subarray(0, at), middle, made.subarray(to)])
  }

  return {
    int,
    chance,
    /** One request that HTTP can read, whatever it asks for: others can follow it on the same connection. */
    request(): Buffer {
      const verb = pick(['GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'TRACE', 'M-SEARCH'])
      // What does not begin with a slash is refused by the parser of HTTP, which then reads nothing more.
      const path = target()
        .replaceAll(/[^!-~]/g, '')
        .replace(/^(?!\/)/, '/')
      const named = chance(80) ? `127.0.0.1:${port}` : `evil.example:${port}`
      return Buffer.from(`${verb} ${path} HTTP/1.1\r\nhost: ${named}\r\n\r\n`, 'latin1')
    },
    /** One request that is wrong in any way; most of these end the connection. */
    lastRequest(): Buffer {
      if (chance(10)) return this.upgrade(false)
      const end = chance(95) ? '\r\n' : pick(['\n', '\r', '\n\r'])
      const lines = [`${method()} ${target()} HTTP/${chance(90) ? '1.1' : pick(['1.0', '2.0', '0.9', '', '1.1 '])}`]
      if (chance(90)) lines.push(`host: ${host()}`)
      for (let more = chance(30) ? 0 : int(1, 5); more > 0; more--) lines.push(header())
      const body = chance(85) ? '' : pick(['0\r\n\r\n', '5\r\nhello\r\n', 'ffffffffffffffff\r\n', 'g\r\n', noise(30)])
      const made = Buffer.from(`${lines.join(end)}${end}${end}${body}`, 'latin1')
      return chance(25) ? spoil(made) : made
    },
    /** A right request for an upgrade, of a run or of none. */
    upgrade(ofRun: boolean): Buffer {
      return Buffer.from(
        `GET /ws?token=${right}${ofRun ? `&run=${run}` : ''} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
          'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      )
    },
    /** One frame. `wrong`: it breaks the protocol of WebSockets or that of the gateway, as a rule; else it keeps both. */
    frame(wrong: boolean): Buffer {
      const text = (value: unknown) => Buffer.from(JSON.stringify(value))
      if (!wrong) {
        const opcode = pick([9, 10, 10, 1])
        const payload = opcode === 1 ? text({ type: 'content', seq: int(1, 2 ** 31 - 1) }) : bytes(int(0, 20))
        return frameOf({ opcode, payload, mask: bytes(4) })
      }
      const payload = pick([
        () => bytes(int(0, 200)),
        () => Buffer.alloc(int(1000, 1100), 0x20),
        () => Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80]),
        () =>
          text({
            type: pick(['content', 'publish', '__proto__']),
            seq: pick([0, -1, 1.5, 1e300, null, [], 1]),
            more: 1,
          }),
        () => Buffer.from(`${'['.repeat(int(1, 900))}`),
        () => Buffer.concat([Buffer.from([int(0, 255), int(0, 255)]), bytes(int(0, 130))]),
      ])()
      const made = frameOf({
        opcode: int(0, 15),
        payload,
        mask: chance(80) ? bytes(4) : null,
        isLast: chance(70),
        reserved: chance(80) ? 0 : int(1, 7),
        length: chance(80) ? payload.length : pick([0, 126, 65_535, 65_536, 2 ** 31, 2 ** 53]),
      })
      return chance(30) ? spoil(made) : made
    },
  }
}

type Frame = {
  opcode: number
  payload: Buffer
  mask: Buffer | null
  isLast?: boolean
  reserved?: number
  length?: number
}

/** A WebSocket frame (RFC 6455, section 5.2), whose `length` may be a lie. */
function frameOf({ opcode, payload, mask, isLast = true, reserved = 0, length = payload.length }: Frame): Buffer {
  const masked = mask ? 0x80 : 0
  const first = (isLast ? 0x80 : 0) | (reserved << 4) | opcode
  const head = length < 126 ? Buffer.alloc(2) : length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10)
  head[0] = first
  head[1] = masked | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  const body = mask ? payload.map((byte, index) => byte ^ mask[index % 4]!) : payload
  return Buffer.concat([head, mask ?? Buffer.alloc(0), body])
}
