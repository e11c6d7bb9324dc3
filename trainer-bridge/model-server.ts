import { setTimeout as sleep } from 'node:timers/promises'
import { SetupError } from '../provision/mod.ts'
import type { ThinkingSettings } from '../schemas/task.ts'
import type { Topology } from '../schemas/topology.ts'
import type { Student } from './job.ts'
import type { RuntimeLog } from './runtime-process.ts'
import { type RuntimeProcess, spawnRuntimeProcess } from './runtime-process.ts'

/** Models of this machine behind an OpenAI-compatible address of the loopback interface. */
export type ModelServer = AsyncDisposable & { baseUrl: string; models: string[]; readonly pid: number | undefined }

/** A student, and adapters on it that are models with names of their own; all share its weights in memory. */
export type ServedStudent = {
  student: Pick<Student, 'name' | 'path'>
  adapters?: readonly { name: string; folder: string }[]
  /** How its chat template is filled in and how long it may think. */
  chat?: ThinkingSettings
}

/**
 * Serves a student with the fine-tuning runtime, at a free port where none is named.
 * L1  It resolves when the model is loaded and the address answers.
 * L2  A process that dies or falls silent is started again at the same address, after a pause that doubles.
 * L3  Disposal ends it; it ends by itself when this process does, since its input closes.
 * @throws SetupError when the model cannot be loaded
 */
export async function serveStudent(
  { student, adapters = [], chat = {} }: ServedStudent,
  { python, log, port: wanted = 0, signal }: { python: string; log: RuntimeLog; port?: number; signal?: AbortSignal },
  { batchRows, maxNewTokens, startMs, silenceMs, maxRestartMs, stopMs }: Topology['localTeacher'],
): Promise<ModelServer> {
  const closing = new AbortController()
  const models = [
    ...['--name', student.name, '--chat', JSON.stringify(chat)],
    ...adapters.flatMap(({ name, folder }) => ['--adapter', `${name}=${folder}`]),
  ]
  const limits = ['--max-rows', String(batchRows), '--max-new-tokens', String(maxNewTokens)]
  let current: RuntimeProcess | undefined

  /** One process: its port when it listens, and its end. */
  function start(port: number): { listening: Promise<number>; ended: Promise<string> } {
    const listening = Promise.withResolvers<number>()
    const ended = Promise.withResolvers<string>()
    listening.promise.catch(() => {})
    current = spawnRuntimeProcess({
      python,
      module: 'syllabus_runtime.serving',
      args: [student.path, ...models, '--port', String(port), ...limits],
      log,
      heartbeatTimeoutMs: silenceMs,
      onEvent: (event) => event.event === 'listening' && listening.resolve(event.port),
      onExit(why) {
        listening.reject(new Error(why))
        ended.resolve(why)
      },
    })
    return { listening: listening.promise, ended: ended.promise }
  }

  async function keep(ended: Promise<string>, port: number): Promise<void> {
    let delayMs = 500
    for (;;) {
      const why = await ended
      if (closing.signal.aborted) return
      log.warn({ why, delayMs }, 'the model server ended; it is started again')
      await sleep(delayMs, undefined, { signal: closing.signal }).catch(() => {})
      if (closing.signal.aborted) return
      const next = start(port)
      const up = await next.listening.then(
        () => true,
        () => false,
      )
      delayMs = up ? 500 : Math.min(2 * delayMs, maxRestartMs)
      ended = next.ended
    }
  }

  const first = start(wanted)
  const late = AbortSignal.timeout(startMs)
  const given = signal ? AbortSignal.any([late, signal]) : late
  const port = await Promise.race([first.listening, onceAborted(given)]).catch(async (error: Error) => {
    await current?.stop(0)
    signal?.throwIfAborted()
    const why = late.aborted ? `it was not loaded after ${startMs / 1000} s` : error.message
    throw new SetupError(
      `The model server of ${student.path} does not start: ${why}.`,
      'Name a folder with a transformers model that has a chat template, or give it more time: localTeacher.startMs in the topology.',
    )
  })
  const kept = keep(first.ended, port)
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    models: [student.name, ...adapters.map(({ name }) => name)],
    get pid() {
      return current?.pid
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await current?.stop(stopMs)
      await kept
    },
  }
}

const onceAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
