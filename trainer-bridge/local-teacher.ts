import { setTimeout as sleep } from 'node:timers/promises'
import { SetupError } from '../provision/mod.ts'
import type { Topology } from '../schemas/topology.ts'
import type { Student } from './job.ts'
import type { RuntimeLog } from './runtime-process.ts'
import { type RuntimeProcess, spawnRuntimeProcess } from './runtime-process.ts'

/** A model of this machine behind an OpenAI-compatible address of the loopback interface. */
export type LocalTeacher = AsyncDisposable & { baseUrl: string; model: string; readonly pid: number | undefined }

/**
 * Serves a model with the fine-tuning runtime.
 * L1  It resolves when the model is loaded and the address answers.
 * L2  A process that dies or falls silent is started again at the same address, after a pause that doubles.
 * L3  Disposal ends it; it ends by itself when this process does, since its input closes.
 * @throws SetupError when the model cannot be loaded
 */
export async function serveTeacher(
  { python, student, log }: { python: string; student: Pick<Student, 'name' | 'path'>; log: RuntimeLog },
  { batchRows, maxNewTokens, startMs, silenceMs, maxRestartMs, stopMs }: Topology['localTeacher'],
): Promise<LocalTeacher> {
  const closing = new AbortController()
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
      args: [student.path, '--name', student.name, '--port', String(port), ...limits],
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
      log.warn({ why, delayMs }, 'the local teacher ended; it is started again')
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

  const first = start(0)
  const late = AbortSignal.timeout(startMs)
  const port = await Promise.race([first.listening, onceAborted(late)]).catch(async (error: Error) => {
    await current?.stop(0)
    const why = late.aborted ? `it was not loaded after ${startMs / 1000} s` : error.message
    throw new SetupError(
      `The local teacher ${student.path} does not start: ${why}.`,
      'Name a folder with a transformers model that has a chat template, or give it more time: localTeacher.startMs in the topology.',
    )
  })
  const kept = keep(first.ended, port)
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    model: student.name,
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
