import { connect, errors, type NatsConnection } from 'nats'
import { type Account, type Role, roles } from '../schemas/role.ts'
import { type Login, loginName, loginOptions } from './credentials.ts'
import { connectFault } from './first-contact.ts'
import { inboxPrefix } from './link.ts'
import { logPrefixOf, logStreamOf, objectPrefixOf, objectStreamOf } from './subjects.ts'
import { type TlsFiles, tlsOptions } from './tls.ts'

/*
 * What no role may do, as requests that are tried: by the tests, and on the servers of a cluster before anything is run there. None of them
 * changes or removes anything where a server lets it pass: requests that would are written so that the server cannot read them.
 */

/** What became of one attempt to reach something. */
export type RequestOutcome = { request: string; outcome: 'refused' | 'error' | 'silence' | 'answered'; text: string }

export type ForbiddenRequest = { name: string; subject: string; payload: string }

/** One server, and who connects to it: an address alone is what nobody connects as. */
export type Bare = { server: string; login?: Login; inboxPrefix?: string; tls?: TlsFiles | undefined }

/**
 * A connection to one server as a hostile process would open it: no look before, and no second try.
 * @throws BusSetupError
 */
export const bareConnection = ({ server, login, inboxPrefix, tls }: Bare): Promise<NatsConnection> =>
  connect({
    servers: server,
    ...(login && loginOptions(login)),
    ...tlsOptions(server, tls),
    ...(inboxPrefix && { inboxPrefix }),
    timeout: 5000,
    reconnect: false,
    ignoreClusterUpdates: true,
  }).catch((error: unknown) => {
    throw connectFault(error, { servers: server }, login ? loginName(login) : '')
  })

/** What a server that lets the request pass answers with an error. */
const unreadable = '{'

/** Every request to the server by which a stream's content could be read, copied, changed or removed. */
export function requestsTo(stream: string, subject: string, inbox: string): ForbiddenRequest[] {
  const api = (name: string, verb: string, payload: object | string = '', prefix = '$JS.API'): ForbiddenRequest => ({
    name: `${name} ${stream}`,
    subject: `${prefix}.${verb}`,
    payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  })
  const pull = { ack_policy: 'none', deliver_policy: 'all', inactive_threshold: 1e9 }
  const push = { ...pull, deliver_subject: `${inbox}.push` }
  const create = (config: object, name?: string) => ({
    stream_name: stream,
    config: { ...config, ...(name ? { name } : {}) },
  })
  const external = (prefix: string) => ({ name: stream, external: { api: prefix, deliver: `${inbox}.mirror` } })
  return [
    api('get', `STREAM.MSG.GET.${stream}`, { seq: 1 }),
    api('get by subject', `STREAM.MSG.GET.${stream}`, { last_by_subj: subject }),
    api('direct get', `DIRECT.GET.${stream}`, { seq: 1 }),
    api('direct get by subject', `DIRECT.GET.${stream}.${subject}`),
    api('pull consumer', `CONSUMER.CREATE.${stream}.spy`, create(pull, 'spy')),
    api('push consumer', `CONSUMER.CREATE.${stream}.spy2`, create(push, 'spy2')),
    api(
      'filtered consumer',
      `CONSUMER.CREATE.${stream}.spy3.${subject}`,
      create({ ...pull, filter_subject: subject }, 'spy3'),
    ),
    api('unnamed consumer', `CONSUMER.CREATE.${stream}`, create(push)),
    api('durable consumer', `CONSUMER.DURABLE.CREATE.${stream}.spy4`, create({ ...pull, durable_name: 'spy4' })),
    api('mirror', 'STREAM.CREATE.SPY', { name: 'SPY', mirror: { name: stream } }),
    api('source', 'STREAM.CREATE.SPY2', { name: 'SPY2', sources: [{ name: stream }] }),
    api('external mirror', 'STREAM.CREATE.SPY3', { name: 'SPY3', mirror: external('$JS.VAULT.API') }),
    api('external mirror by account', 'STREAM.CREATE.SPY4', { name: 'SPY4', mirror: external('VAULT.$JS.API') }),
    api('snapshot', `STREAM.SNAPSHOT.${stream}`, { deliver_subject: `${inbox}.snapshot` }),
    api('restore', 'STREAM.RESTORE.SPY5', { config: { name: 'SPY5', subjects: [subject] }, state: {} }),
    api('overlapping stream', 'STREAM.CREATE.SPY6', { name: 'SPY6', subjects: [subject] }),
    api('republish', `STREAM.UPDATE.${stream}`, unreadable),
    api('purge', `STREAM.PURGE.${stream}`, unreadable),
    api('delete', `STREAM.DELETE.${stream}`, unreadable),
    api('delete message', `STREAM.MSG.DELETE.${stream}`, unreadable),
    api('domain', `STREAM.MSG.GET.${stream}`, { seq: 1 }, '$JS.VAULT.API'),
    api('account', `STREAM.MSG.GET.${stream}`, { seq: 1 }, '$JS.ACC.VAULT.API'),
  ]
}

/** Subjects of the server's own services by which an account could be looked into or changed. */
const systemRequests: readonly ForbiddenRequest[] = [
  { name: 'account info', subject: '$SYS.REQ.ACCOUNT.VAULT.INFO', payload: '' },
  { name: 'account streams', subject: '$SYS.REQ.ACCOUNT.VAULT.JSZ', payload: '{"streams":true}' },
  { name: 'account claims', subject: '$SYS.REQ.CLAIMS.UPDATE', payload: '{"exports":[{"subject":">"}]}' },
  { name: 'server streams', subject: '$SYS.REQ.SERVER.PING.JSZ', payload: '{"accounts":true,"streams":true}' },
  { name: 'server reload', subject: '$SYS.REQ.SERVER.PING.CONFIG', payload: '' },
]

const sealedStreams: readonly [stream: string, subject: string][] = [
  [objectStreamOf.VAULT, `${objectPrefixOf.VAULT}.>`],
  ['KV_sealed-results', '$KV.sealed-results.result'],
  [objectStreamOf.EXAM, `${objectPrefixOf.EXAM}.>`],
  [logStreamOf.EXAM, `${logPrefixOf.EXAM}.>`],
]

/** Those who see nothing of what is sealed: all but the evaluator, and the operator, who fills it. */
export const isKeptOut = (role: Role): boolean => role !== 'evaluator' && role !== 'operator'

/** What a role is refused in one account of what is sealed. Who answers exam questions may read those. */
export function sealedRequests(role: Role, account: Account, inbox: string): ForbiddenRequest[] {
  if (role === 'operator' && account === 'VAULT')
    return requestsTo(objectStreamOf.VAULT, `${objectPrefixOf.VAULT}.>`, inbox)
  if (!isKeptOut(role)) return []
  const mayGet = (stream: string) => role === 'trainer-bridge' && account === 'EXAM' && stream === objectStreamOf.EXAM
  const closed = sealedStreams.flatMap(([stream, subject]) =>
    requestsTo(stream, subject, inbox).filter((request) => !(mayGet(stream) && request.name.startsWith('get'))),
  )
  return [...closed, ...systemRequests]
}

/** What a role is refused of LAB's log. The planner looks up the messages of dead letters; gateway and operator read all. */
export function logRequests(role: Role, inbox: string): ForbiddenRequest[] {
  if (role === 'gateway' || role === 'operator') return []
  const requests = requestsTo(logStreamOf.LAB, `${logPrefixOf.LAB}.>`, inbox)
  return requests.filter((request) => !(role === 'planner' && request.name.startsWith('get')))
}

/** Subscriptions that a role which is kept out is refused in every account. */
export const closedSubscriptions = (role: Role): string[] => [
  ...['>', '*.>', '$JS.>', '$SYS.>', '$O.>', 'objects.>', 'objects.vault.>', 'objects.exam.>', 'exam.>'],
  '$KV.sealed-results.>',
  ...roles.filter((other) => other !== role && other !== 'operator').map((other) => `${inboxPrefix(other)}.>`),
  '_INBOX.>',
]

/** Sends one request and says how it ended; silence means that nobody is behind it. */
export async function tryRequest(nc: NatsConnection, request: ForbiddenRequest): Promise<RequestOutcome> {
  try {
    const reply = await nc.request(request.subject, request.payload, { timeout: 1500 })
    const text = `${reply.headers ?? ''} ${reply.string()}`
    const failed = /"error":/.test(text) || (reply.headers?.code ?? 0) >= 400
    return { request: request.name, outcome: failed ? 'error' : 'answered', text }
  } catch (error) {
    for (let cause = error; cause instanceof Error; cause = cause.cause) {
      if (cause instanceof errors.PermissionViolationError)
        return { request: request.name, outcome: 'refused', text: cause.message }
      if (cause instanceof errors.NoRespondersError)
        return { request: request.name, outcome: 'silence', text: cause.message }
      if (cause instanceof errors.TimeoutError) return { request: request.name, outcome: 'silence', text: 'no answer' }
      if (cause instanceof errors.RequestError && cause.isNoResponders()) {
        return { request: request.name, outcome: 'silence', text: cause.message }
      }
    }
    throw error
  }
}

/** Whether the server lets the user publish there at all; it answers a refused publish with an error, an allowed one with nothing. */
export async function mayPublish(nc: NatsConnection, subject: string): Promise<boolean> {
  const attempt = await tryRequest(nc, { name: subject, subject, payload: '{}' })
  return attempt.outcome !== 'refused'
}

/** What a subscription heard until `settled` resolved; 'refused' when the server did not allow it. */
export async function listen(
  nc: NatsConnection,
  subject: string,
  settled: Promise<void>,
): Promise<string[] | 'refused'> {
  const heard: string[] = []
  let refused = false
  const subscription = nc.subscribe(subject, {
    callback: (error, message) => {
      if (error) refused = true
      else heard.push(`${message.subject} ${message.string()}`)
    },
  })
  await nc.flush()
  await settled
  if (!subscription.isClosed()) subscription.unsubscribe()
  return refused ? 'refused' : heard
}
