import type { Bus } from '../bus/mod.ts'

/** What the gateway needs of the bus: it reads, and nothing else. */
export type LogSource = Pick<Bus, 'log' | 'runs' | 'kv' | 'limits'>
