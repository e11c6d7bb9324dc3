import { connect } from 'node:net'
import type { PasswordLogin } from '../../bus/credentials.ts'
import { createDice } from './dice.ts'

/** Makes headers and payloads that no client of NATS makes, the same for the same seed. */
export function hostileMessages(seed: number) {
  const { int, bytes, pick, noise } = createDice(seed)
  const line = () =>
    pick([
      () => 'a b: c',
      () => ': no name',
      () => 'no colon',
      () => 'name: two\nlines',
      () =>
        `${pick(['Nats-Sequence', 'Nats-Stream', 'Nats-Subject', 'Nats-Time-Stamp', 'KV-Operation', 'Status'])}: ${pick(['0', '-1', 'x', 'DEL', ''])}`,
      () =>
        `${pick(['Syllabus-Message', 'Syllabus-From', 'Syllabus-Cause', 'traceparent'])}: ${pick(['', 'operator-command@1', 'operator-command@99', '@', '///', 'x'.repeat(500)])}`,
      () => `${noise(6)}: ${noise(12)}`,
      () => '__proto__: x',
    ])()
  const first = () =>
    pick([
      'NATS/1.0',
      'NATS/1.0',
      'NATS/1.0 404 No Messages',
      'NATS/1.0 503',
      'NATS/1.0 408 Timeout',
      'NATS/9',
      '',
      'garbage',
    ])
  const payload = () =>
    pick([
      () => bytes(int(0, 60)),
      () => Buffer.from('{}'),
      () => Buffer.from('{"action":"pause"'),
      () =>
        Buffer.from(
          pick([
            'NaN',
            'null',
            '1e999',
            '"\\ud800"',
            '[[[',
            '{"__proto__":{"action":"pause"}}',
            '{"action":["pause"]}',
            '',
          ]),
        ),
      () => Buffer.from(`${'['.repeat(int(1, 20_000))}${']'.repeat(int(1, 20_000))}`),
      () => Buffer.from(`${'{"a":'.repeat(int(1, 5000))}1${'}'.repeat(5000)}`),
      () => Buffer.from(JSON.stringify('x'.repeat(int(1, 100_000)))),
    ])()
  return {
    int,
    pick,
    payload,
    /** A message as a client writes it to its connection. */
    publish(subject: string, body = payload()): Buffer {
      const lines = Array.from({ length: int(0, 3) }, line)
      const head = Buffer.from(`${[first(), ...lines].join('\r\n')}\r\n\r\n`, 'latin1')
      const text = `HPUB ${subject} ${head.length} ${head.length + body.length}\r\n`
      return Buffer.concat([Buffer.from(text), head, body, Buffer.from('\r\n')])
    },
  }
}

/** Writes bytes to a connection of its own, as a user that the server lets in; resolves once the server has read them all. */
export async function writeRaw(url: string, { user, pass }: PasswordLogin, bytes: readonly Buffer[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let received = ''
  socket.on('error', reject)
  socket.on('data', (data) => {
    received += data
    const fault = /-ERR .*/.exec(received)
    if (fault) reject(new Error(fault[0]))
    if (/^PONG\r$/m.test(received)) resolve()
  })
  socket.write(
    `CONNECT ${JSON.stringify({ user, pass, verbose: false, headers: true, lang: 'raw', version: '1', protocol: 1 })}\r\n`,
  )
  for (const each of bytes) socket.write(each)
  socket.write('PING\r\n')
  await promise.finally(() => socket.destroy())
}
