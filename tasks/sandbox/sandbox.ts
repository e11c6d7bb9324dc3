import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { SandboxLimits, type SandboxOutcome } from './limits.ts'

/** Runs untrusted functions, one call at a time. */
export type Sandbox = AsyncDisposable & {
  /** Calls the function whose JavaScript text is `source` with JSON arguments. Never throws for what the function does. */
  call(source: string, ...args: readonly unknown[]): Promise<SandboxOutcome>
}

/** How often a call is looked at before it hangs; a machine that slept in between has been looked at once. */
const looks = 10
/** A call that hung is tried again with so many times the patience: its machine may have been busy. */
const morePatience = 4

/**
 * S1  A hook has no I/O, no clock, no random numbers and no memory of earlier calls.
 * S2  A hook that runs too long or takes too much loses that call, whatever it does: its thread is ended from outside if need be.
 * S3  The caller's own thread never waits in a hook.
 * S4  What a call gives depends on its steps and its memory, never on the clock; that only ends what makes no step any more, and not
 *     before it was tried again.
 */
export function openSandbox(changes: Partial<SandboxLimits> = {}): Sandbox {
  const limits = SandboxLimits.parse(changes)
  /** Steps made by the thread of now. */
  const progress = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  let worker: Promise<Worker> | undefined
  let last: Promise<unknown> = Promise.resolve()
  let closed = false

  async function start(): Promise<Worker> {
    const started = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { limits, progress },
      env: {},
      // The text of one hook is small: a thread that outgrows this is broken. Its stack has to outlast the interpreter's own, which is
      // bounded.
      resourceLimits: { maxOldGenerationSizeMb: 128, stackSizeMb: 16 },
    })
    await once(started, 'message')
    started.unref()
    return started
  }

  /** One try; null when it hung. */
  async function attempt(request: { source: string; args: readonly unknown[] }, patienceMs: number) {
    worker ??= start()
    const current = await worker.catch((error: unknown) => {
      worker = undefined
      throw error
    })
    const { promise, resolve } = Promise.withResolvers<SandboxOutcome | null>()
    const lost = (outcome: SandboxOutcome | null) => {
      worker = undefined
      resolve(outcome)
    }
    const timer = watch(progress, patienceMs, () => lost(null))
    const failed = (error: Error) =>
      lost({ ok: false, reason: 'raised', message: `the sandbox broke: ${error.message}` })
    current.once('message', resolve)
    current.once('error', failed)
    current.postMessage(request)
    try {
      return await promise
    } finally {
      clearInterval(timer)
      current.off('message', resolve)
      current.off('error', failed)
      if (!worker) await current.terminate()
    }
  }

  async function run(source: string, args: readonly unknown[]): Promise<SandboxOutcome> {
    for (const patience of [1, morePatience]) {
      const outcome = await attempt({ source, args }, patience * limits.timeoutMs)
      if (outcome) return outcome
    }
    return { ok: false, reason: 'timeout', message: 'the hook hung in a built-in operation and was ended' }
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

/**
 * Calls back when no step was made for so long that the call hangs: in looks of this thread, which are few while the machine sleeps,
 * and in the process's processor time, of which it has little while others keep the machine busy. One that uses none is given up, too.
 */
function watch(progress: Int32Array, patienceMs: number, onHang: () => void): NodeJS.Timeout {
  let seen = -1
  let still = 0
  let usedBefore = process.cpuUsage()
  return setInterval(() => {
    const steps = Atomics.load(progress, 0)
    if (steps !== seen) {
      seen = steps
      still = 0
      usedBefore = process.cpuUsage()
      return
    }
    still += 1
    const { user, system } = process.cpuUsage(usedBefore)
    const isUsedUp = (user + system) / 1000 >= patienceMs
    if (still >= looks * (isUsedUp ? 1 : 10)) onHang()
  }, patienceMs / looks)
}
