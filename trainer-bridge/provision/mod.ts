export { SetupError } from './errors.ts'
export { type NatsServerRequest, natsServerPath, natsServerVersion, provisionNatsServer } from './nats-server.ts'
