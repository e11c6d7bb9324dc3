export { type Gateway, type GatewayOptions, startGateway } from './gateway.ts'
export type { LogSource } from './log-source.ts'
