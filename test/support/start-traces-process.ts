import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { TestServer } from './nats.ts'

const entry = fileURLToPath(new URL('./traces-process.ts', import.meta.url))

/** An exporter in a process of its own, and the lines that a person would see. */
export type TracesProcess = { child: ChildProcess; lines: string[]; end(): Promise<void> }

type TracesProcessOptions = {
  /** Where its position is kept: it begins where the last one of this home ended, the first at the end of the log. */
  home: string
  endpoint: string
  spansPerRequest: number
  leastFlushMs?: number | undefined
  env?: Record<string, string>
}

/** Exports the log of a server until it is killed or ended; begins before it is given back. */
export async function startTracesProcess(
  server: TestServer,
  { home, endpoint, spansPerRequest, leastFlushMs = 10_000, env = {} }: TracesProcessOptions,
): Promise<TracesProcess> {
  const child = fork(entry, [], { env: { PATH: process.env.PATH, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...env } })
  const lines: string[] = []
  const started = Promise.withResolvers<void>()
  child.on('message', (message: { line?: string; started?: true }) => {
    if (message.line !== undefined) lines.push(message.line)
    else started.resolve()
  })
  child.send({ servers: server.url, credentials: server.credentials.operator, home, spansPerRequest, leastFlushMs })
  await started.promise
  const end = async () => {
    child.send('end')
    await once(child, 'exit')
  }
  return { child, lines, end }
}
