/** A worker process that takes a message and never finishes; a test kills it. Prints `took <attempt>` when it has one. */
import { readFileSync } from 'node:fs'
import { AllCredentials, connectBus } from '../../bus/mod.ts'
import { memoryLog } from './nats.ts'
import { plannerHandlers } from './planner-handlers.ts'

const [servers = '', credentialsFile = ''] = process.argv.slice(2)
const credentials = AllCredentials.parse(JSON.parse(readFileSync(credentialsFile, 'utf8')))
const who = { role: 'planner', variant: 'rules', instance: 'stuck' } as const
const bus = await connectBus({ servers, credentials: credentials.planner, ...who, log: memoryLog() })
const control = (_: unknown, context: { attempt: number }) => {
  process.stdout.write(`took ${context.attempt}\n`)
  return new Promise<void>(() => {})
}
bus.work(plannerHandlers({ 'operator-command': control }), { ...who, slots: 1, signal: new AbortController().signal })
