export type { Backlog, StreamFacts } from './backlog.ts'
export { type Bus, type BusOptions, connectBus, type Handler, type Handlers, type WorkOptions } from './bus.ts'
export type { ClusterState } from './cluster-state.ts'
export {
  AllCredentials,
  Credentials,
  createNkey,
  credentialsFromUrl,
  type HeldCredentials,
  Login,
  NodeFacts,
  readCredentials,
  userOf,
} from './credentials.ts'
export { type DeadLetter, firstId } from './dead-letters.ts'
export {
  type EmbeddedServer,
  holdStorage,
  type ServerOptions,
  type Storage,
  startServer,
} from './embedded-server.ts'
export { BusAwayError, BusSetupError, RetryError, StoppingError, TerminalError, UnfitError } from './errors.ts'
export {
  bareConnection,
  closedSubscriptions,
  isKeptOut,
  listen,
  logRequests,
  sealedRequests,
  tryRequest,
} from './forbidden-requests.ts'
export { type Greeting, greetedAt, greetingAt, serverNameAt } from './greeting.ts'
export type { HandlerContext, Outcome } from './handle.ts'
export { type Cause, type Sender, spanIdOf, traceIdOf } from './headers.ts'
export { type Change, type Held, type HeldValue, heldValues, type Kv, withModify } from './kv.ts'
export { inboxPrefix, isNewEnough, leastPayload, oldestServer } from './link.ts'
export { hello } from './listener.ts'
export type { LogOptions, StoredEntry } from './log.ts'
export type { Logger } from './logger.ts'
export { type Objects, withDocuments } from './objects.ts'
export { permissionsOf } from './permissions.ts'
export { Presence, ProcessFigures } from './presence.ts'
export type { EventTarget, Published, WorkTarget } from './publish.ts'
export { atMost, isPassing, passingReason } from './retry.ts'
export { type AccountUser, accountsWith, maxPayloadBytes } from './server-config.ts'
export { spool } from './spool.ts'
export { type BucketName, layout } from './subjects.ts'
export { TlsFiles } from './tls.ts'
export type { TopologyOptions } from './topology.ts'
export { createTroubles, type Trouble, type Troubles } from './troubles.ts'
export type { LoopOptions, LoopState, WorkLoop } from './work-loop.ts'
