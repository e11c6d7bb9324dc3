import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { SandboxLimits, type SandboxOutcome } from './limits.ts'

/** Runs untrusted functions, one call at a time. */
export type Sandbox = AsyncDisposable & {
  /** Calls the function whose JavaScript text is `source` with JSON arguments. Never throws for what the function does. */
  call(source: string, ...args: readonly unknown[]): Promise<SandboxOutcome>
}

/** Some built-in loops of the interpreter never look at its deadline; the thread is ended this much later. */
const graceMs = 500

/**
 * S1  A hook has no I/O, no clock, no random numbers and no memory of earlier calls.
 * S2  A hook that runs too long or takes too much loses that call, whatever it does: its thread is ended from outside if need be.
 * S3  The caller's own thread never waits in a hook.
 */
export function openSandbox(changes: Partial<SandboxLimits> = {}): Sandbox {
  const limits = SandboxLimits.parse(changes)
  let worker: Promise<Worker> | undefined
  let last: Promise<unknown> = Promise.resolve()
  let closed = false

  async function start(): Promise<Worker> {
    const started = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: limits,
      env: {},
      // The text of one hook is small: a thread that outgrows this is broken.
      resourceLimits: { maxOldGenerationSizeMb: 128 },
    })
    started.unref()
    await once(started, 'message')
    return started
  }

  async function run(source: string, args: readonly unknown[]): Promise<SandboxOutcome> {
    worker ??= start()
    const current = await worker
    const { promise, resolve } = Promise.withResolvers<SandboxOutcome>()
    const lost = (reason: 'timeout' | 'raised', message: string) => {
      worker = undefined
      resolve({ ok: false, reason, message })
    }
    const timer = setTimeout(
      () => lost('timeout', 'the hook ran longer than it may and was ended'),
      limits.timeoutMs + graceMs,
    )
    const failed = (error: Error) => lost('raised', `the sandbox broke: ${error.message}`)
    current.once('message', resolve)
    current.once('error', failed)
    current.postMessage({ source, args })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      current.off('message', resolve)
      current.off('error', failed)
      if (!worker) await current.terminate()
    }
  }

  return {
    call(source, ...args) {
      if (closed) throw new Error('the sandbox is closed')
      const result = last.then(() => run(source, args))
      last = result.catch(() => undefined)
      return result
    },
    async [Symbol.asyncDispose]() {
      closed = true
      await last
      await (await worker)?.terminate()
    },
  }
}
