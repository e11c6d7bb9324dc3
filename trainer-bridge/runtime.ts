import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import {
  CheckRequest,
  CheckResult,
  EmbedRequest,
  EmbedResult,
  HelloResult,
  InferProgress,
  InferRequest,
  InferResult,
  LongestPromptRequest,
  LongestPromptResult,
  MemoryResult,
  PerplexityRequest,
  PerplexityResult,
  PromptsRequest,
  PromptsResult,
  ReadRepliesRequest,
  ReadRepliesResult,
  type RuntimeEvent,
  type RuntimeProgress,
  TokenFrameRequest,
  TokenFrameResult,
  TrainProgress,
  TrainRequest,
  TrainResult,
} from '../schemas/runtime-protocol.ts'
import type { BridgeOptions } from './options.ts'
import { RuntimeDiedError, RuntimeRequestError } from './runtime-errors.ts'
import { type RuntimeLog, type RuntimeProcess, spawnRuntimeProcess } from './runtime-process.ts'

export interface RuntimeOptions {
  /** The venv's Python, from provisionRuntime. */
  python: string
  /** The module that is started, left out: the project's own runtime; `packages`: the folders that it is found in. */
  module?: string
  packages?: readonly string[]
  cwd?: string
  /** Added to this process's own environment, of which the runtime is given what it uses. */
  env?: NodeJS.ProcessEnv
  log: RuntimeLog
  /** Ends the runtime. */
  signal?: AbortSignal
  heartbeatTimeoutMs?: number
  maxLineChars?: number
  /** Pause before a restart after the first death; doubles up to the longest. */
  restartDelayMs?: number
  longestRestartDelayMs?: number
  /** How long a runtime that was asked to stop may take. */
  stopGraceMs?: number
}

/** What a topology says of the processes of a bridge. */
export const processLimits = (settings: BridgeOptions) => ({
  heartbeatTimeoutMs: settings.silenceMs,
  maxLineChars: settings.maxLineChars,
  restartDelayMs: settings.minRestartMs,
  longestRestartDelayMs: settings.maxRestartMs,
  stopGraceMs: settings.stopMs,
})

export interface CallOptions<Progress> {
  onProgress?: (progress: Progress) => void
  /** Aborting cancels the request in the runtime, between two steps. */
  signal?: AbortSignal
}

export interface Runtime {
  hello(options?: { signal?: AbortSignal }): Promise<HelloResult>
  check(request: CheckRequest, options?: { signal?: AbortSignal }): Promise<CheckResult>
  longestPrompt(request: LongestPromptRequest, options?: { signal?: AbortSignal }): Promise<LongestPromptResult>
  /** Gives the student's memory to others until it is needed again. */
  release(options?: { signal?: AbortSignal }): Promise<void>
  memory(options?: { signal?: AbortSignal }): Promise<MemoryResult>
  prompts(request: PromptsRequest, options?: { signal?: AbortSignal }): Promise<PromptsResult>
  readReplies(request: ReadRepliesRequest, options?: { signal?: AbortSignal }): Promise<ReadRepliesResult>
  train(request: TrainRequest, options?: CallOptions<TrainProgress>): Promise<TrainResult>
  perplexity(request: PerplexityRequest, options?: { signal?: AbortSignal }): Promise<PerplexityResult>
  infer(request: InferRequest, options?: CallOptions<InferProgress>): Promise<InferResult>
  embed(request: EmbedRequest, options?: { signal?: AbortSignal }): Promise<EmbedResult>
  tokenFrame(request: TokenFrameRequest, options?: { signal?: AbortSignal }): Promise<TokenFrameResult>
  /** Of the process that runs now, if one does. */
  readonly pid: number | undefined
  /** Ends the process; what was pending is rejected. */
  [Symbol.asyncDispose](): Promise<void>
}

interface Pending {
  finish(event: RuntimeEvent & { event: 'done' | 'error' }): void
  progress(event: RuntimeProgress): void
  die(error: RuntimeDiedError): void
}

/**
 * The fine-tuning runtime as the bridge sees it. Starts nothing yet: the process begins with the first call and is kept until disposal.
 *
 * P1 A request ends once: with its result, RuntimeRequestError, RuntimeDiedError, or the reason its signal was aborted for.
 * P2 A dead process rejects what was pending; the next call starts another, after a pause that grows with deaths in a row.
 * P3 A process that is silent for `heartbeatTimeoutMs` is killed: it is not only slow, it beats on a thread of its own.
 */
export function startRuntime(options: RuntimeOptions): Runtime {
  const { log, heartbeatTimeoutMs = 60_000, stopGraceMs = 15_000 } = options
  const { restartDelayMs = 1_000, longestRestartDelayMs = 30_000 } = options
  const pending = new Map<string, Pending>()
  const disposed = new AbortController()
  const ended = options.signal ? AbortSignal.any([options.signal, disposed.signal]) : disposed.signal
  let current: RuntimeProcess | undefined
  let starting: Promise<RuntimeProcess> | undefined
  let deathsInARow = 0

  function onEvent(event: RuntimeEvent): void {
    if (event.event === 'heartbeat' || event.event === 'listening') return
    const request = event.id === null ? undefined : pending.get(event.id)
    if (event.event === 'progress') request?.progress(event)
    else if (request) {
      deathsInARow = 0
      request.finish(event)
    } else if (event.event === 'error') log.warn({ kind: event.kind, message: event.message }, 'the runtime reports')
  }

  function begin(): RuntimeProcess {
    const process: RuntimeProcess = spawnRuntimeProcess({
      ...options,
      heartbeatTimeoutMs,
      onEvent,
      onExit(why) {
        if (current === process) current = undefined
        deathsInARow += 1
        if (!ended.aborted) log.warn({ why, pending: pending.size }, 'the runtime died')
        for (const request of [...pending.values()]) request.die(new RuntimeDiedError(why))
      },
    })
    current = process
    log.info({ pid: process.pid }, 'the runtime started')
    return process
  }

  async function restart(): Promise<RuntimeProcess> {
    const pauseMs = deathsInARow === 0 ? 0 : Math.min(restartDelayMs * 2 ** (deathsInARow - 1), longestRestartDelayMs)
    if (pauseMs > 0) await delay(pauseMs, undefined, { signal: ended })
    return begin()
  }

  async function ready(): Promise<RuntimeProcess> {
    ended.throwIfAborted()
    if (current) return current
    starting ??= restart().finally(() => {
      starting = undefined
    })
    return starting
  }

  async function call<Schema extends z.ZodType>(
    message: object & { op: string },
    schema: Schema,
    { onProgress, signal }: CallOptions<RuntimeProgress>,
  ): Promise<z.infer<Schema>> {
    signal?.throwIfAborted()
    let process = await ready()
    // It may have died while this call waited for its turn (P1).
    while (process !== current) process = await ready()
    signal?.throwIfAborted()
    const id = randomUUID()
    const { promise, resolve, reject } = Promise.withResolvers<z.infer<Schema>>()
    const cancel = () => process.send({ id: randomUUID(), op: 'cancel', target: id })
    pending.set(id, {
      progress: (event) => onProgress?.(event),
      die: reject,
      finish(event) {
        if (event.event === 'done') {
          const result = schema.safeParse(event.result)
          if (result.success) resolve(result.data)
          else
            reject(new RuntimeRequestError('internal', `unexpected result of ${message.op}: ${result.error.message}`))
        } else if (event.kind === 'cancelled' && signal?.aborted) reject(signal.reason)
        else reject(new RuntimeRequestError(event.kind, event.message))
      },
    })
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      process.send({ ...message, id })
      return await promise
    } finally {
      pending.delete(id)
      signal?.removeEventListener('abort', cancel)
    }
  }

  async function stop(): Promise<void> {
    disposed.abort(new RuntimeDiedError('the runtime was stopped'))
    await starting?.catch(() => {})
    await current?.stop(stopGraceMs)
  }
  options.signal?.addEventListener('abort', () => void stop(), { once: true })

  /** A request of one kind: read by its schema, then sent, with the events of its own phase read by theirs. */
  const operation =
    <Request extends object, Result, Progress = never>(
      op: string,
      request: z.ZodType<Request>,
      result: z.ZodType<Result>,
      progress?: z.ZodType<Progress>,
    ) =>
    (given: Request, { onProgress, signal }: CallOptions<Progress> = {}): Promise<Result> => {
      const hear = (event: RuntimeProgress) => progress && event.phase === op && onProgress?.(progress.parse(event))
      return call({ ...request.parse(given), op }, result, { signal, onProgress: hear })
    }

  return {
    hello: (callOptions = {}) => call({ op: 'hello' }, HelloResult, callOptions),
    check: operation('check', CheckRequest, CheckResult),
    longestPrompt: operation('longest_prompt', LongestPromptRequest, LongestPromptResult),
    release: async (callOptions = {}) => void (await call({ op: 'release' }, z.object({}), callOptions)),
    memory: (callOptions = {}) => call({ op: 'memory' }, MemoryResult, callOptions),
    prompts: operation('prompts', PromptsRequest, PromptsResult),
    readReplies: operation('read_replies', ReadRepliesRequest, ReadRepliesResult),
    train: operation('train', TrainRequest, TrainResult, TrainProgress),
    perplexity: operation('perplexity', PerplexityRequest, PerplexityResult),
    infer: operation('infer', InferRequest, InferResult, InferProgress),
    embed: operation('embed', EmbedRequest, EmbedResult),
    tokenFrame: operation('token_frame', TokenFrameRequest, TokenFrameResult),
    get pid() {
      return current?.pid
    },
    [Symbol.asyncDispose]: stop,
  }
}
