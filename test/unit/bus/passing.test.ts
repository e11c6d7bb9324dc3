import { JetStreamApiError } from '@nats-io/jetstream'
import { errors } from 'nats'
import { describe, expect, test } from 'vitest'
import { isPassing, passingReason } from '../../../bus/mod.ts'

const api = (status: number, code: number) =>
  new JetStreamApiError({ code: status, err_code: code, description: 'planted' })

/** The client keeps this class to itself; its name and its code are all that can be seen of it. */
const status = (code: number, message = 'planted') =>
  Object.assign(new Error(message), { name: 'JetStreamStatusError', code })
const socket = (code: string) => Object.assign(new Error(code), { code })

describe('what passes by itself is asked again', () => {
  test.each<[string, Error]>([
    ['no responders as a status', status(503)],
    ['no answer in time as a status', status(408)],
    ['too many requests', status(429)],
    ['a leader that has changed', status(409, 'Leadership Change')],
    ['a server that shuts down', status(409, 'Server Shutdown')],
    ['JetStream temporarily unavailable', api(503, 10_008)],
    ['no leader yet', api(503, 10_038)],
    ['too many requests of the API', api(429, 10_167)],
    ['a status 503 that nobody knows yet', api(503, 19_999)],
    ['no peers', api(400, 10_005)],
    ['an election', api(500, 10_009)],
    ['consensus', api(500, 10_041)],
    ['a stream that is offline', api(500, 10_118)],
    ['a consumer that is offline', api(500, 10_119)],
    ['the first delivery is still being stored', api(409, 10_158)],
    ['no answer', new errors.TimeoutError()],
    ['nobody there', new errors.NoRespondersError('a')],
    ['a connection that broke', new errors.ConnectionError('disconnect')],
    ['too many connections', new errors.ProtocolError('maximum connections exceeded')],
    ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'].map(
      (code): [string, Error] => [code, socket(code)],
    ),
    ['one of these as a cause', new Error('outer', { cause: new Error('middle', { cause: status(503) }) })],
  ])('%s', (_, error) => {
    expect(isPassing(error)).toBe(true)
  })
})

describe('what the server refuses for good is not', () => {
  test.each<[string, unknown]>([
    ['a wrong last sequence', api(400, 10_071)],
    ['a stream that is not there', api(404, 10_059)],
    ['a consumer that is not there', api(404, 10_014)],
    ['no room', api(503, 10_023)],
    ['a message that could not be stored', api(503, 10_077)],
    ['no such account', api(503, 10_035)],
    ['a cluster that there is none of', api(503, 10_010)],
    ['a consumer that was deleted', status(409, 'Consumer Deleted')],
    ['an empty answer', status(404)],
    ['a permission', new errors.PermissionViolationError('no', 'publish', 'a')],
    [
      'a permission around a time-out',
      new Error('a', {
        cause: new errors.PermissionViolationError('no', 'publish', 'a', undefined, new errors.TimeoutError()),
      }),
    ],
    ['a wrong password', new errors.AuthorizationError('no')],
    ['a message that is too long', new errors.InvalidArgumentError('payload')],
    ['a connection that this process closed', new errors.ClosedConnectionError()],
    ['a host that there is none of', socket('ENOTFOUND')],
    ['an error of a handler', new Error('planted')],
    ['no error', 'planted'],
  ])('%s', (_, error) => {
    expect(isPassing(error)).toBe(false)
  })
})

test('reasons are said as they are, not as the client words them', () => {
  expect(passingReason(status(503))).toBe('nobody answers there (503)')
  expect(passingReason(new errors.TimeoutError())).toBe('no answer in time')
  expect(passingReason(api(503, 10_008))).toBe('planted (10008)')
  expect(passingReason(new AggregateError([socket('ECONNREFUSED'), socket('ENETUNREACH')]))).toBe(
    'ECONNREFUSED, ENETUNREACH',
  )
  expect(passingReason(new Error('node provided an undefined error'))).toBe('it closes the connection at once')
})
