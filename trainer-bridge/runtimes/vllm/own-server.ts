import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Endpoint } from '../../../agents/kit/teacher/options.ts'
import type { InferRequest } from '../../../schemas/runtime-protocol.ts'
import { type ClaimedDevices, claimDevices } from '../../devices/claim.ts'
import { RuntimeDiedError, RuntimeRequestError } from '../../runtime-errors.ts'
import { type AskedPrompts, ServerLost } from '../answer-prompts.ts'
import type { RuntimeParts } from '../runtime.ts'
import { rankAllowed, rankOf } from './adapters.ts'
import { faultIn } from './faults.ts'
import { startVllm, VllmEnded, type VllmProcess } from './server.ts'

/** A vLLM, whoever started it. */
export type VllmServer = AsyncDisposable & {
  /** Questions under way at the same time. */
  sequences: number
  device: string
  /** Makes it answer for this request: where it is reached, and the name that the base student has there. @throws ServerLost */
  reach(request: InferRequest, asking: AskedPrompts, signal: AbortSignal): Promise<Reached>
  /** Called when the questions of a request are answered, or could not be. */
  rest(): Promise<void>
  lossOf(lost: ServerLost): Error
}
export type Reached = { endpoint: Endpoint; model: string; where: string }

/** The base student's name on it. */
const model = 'student'

type Running = { process: VllmProcess; rank: number; context: number; isAsleep: boolean }

/**
 * A vLLM that the bridge starts with the first question.
 * V1 It is one for all adapters: each is loaded while its questions are asked.
 * V2 On the GPUs of the training it sleeps whenever it does not answer, and the training's runtime gives up its memory meanwhile. On GPUs
 *    of its own it stays awake.
 * V3 It is started again where it died, and for an adapter of a larger rank.
 */
export async function ownServer(python: string, parts: RuntimeParts): Promise<VllmServer> {
  const { home, settings, own, log, devices, signal: ending } = parts
  const options = settings.vllm
  const apart: ClaimedDevices | null = options.gpus
    ? await claimDevices({ gpus: options.gpus, waitMs: settings.deviceWaitMs, signal: ending })
    : null
  const used = apart ?? devices
  const isOnGpu = used.devices.length > 0
  const sleeps = isOnGpu && apart === null
  const apiKey = randomBytes(24).toString('hex')
  let running: Running | null = null
  let last: VllmProcess | undefined

  async function start(
    request: InferRequest,
    asking: AskedPrompts,
    rank: number,
    signal: AbortSignal,
  ): Promise<Running> {
    const context = Math.min(options.contextTokens, asking.context ?? options.contextTokens)
    const args = [
      ...[
        '--model',
        request.student,
        '--served-model-name',
        model,
        '--dtype',
        asking.dtype,
        '--generation-config',
        'vllm',
      ],
      ...['--enable-lora', '--max-lora-rank', String(rank), '--max-loras', '1', '--max-cpu-loras', '2'],
      ...['--max-model-len', String(context), '--max-num-seqs', String(options.sequences), '--seed', '0'],
      ...(isOnGpu ? ['--gpu-memory-utilization', String(options.memoryShare)] : []),
      ...(used.devices.length > 1 ? ['--tensor-parallel-size', String(used.devices.length)] : []),
      ...(sleeps ? ['--enable-sleep-mode'] : []),
      ...(options.eager ? ['--enforce-eager'] : []),
    ]
    const env = {
      ...used.env,
      VLLM_ALLOW_RUNTIME_LORA_UPDATING: 'True',
      VLLM_API_KEY: apiKey,
      VLLM_CACHE_ROOT: join(home, 'vllm'),
      ...(sleeps && { VLLM_SERVER_DEV_MODE: '1' }),
      ...(!isOnGpu && { VLLM_CPU_KVCACHE_SPACE: String(options.cpuCacheGb) }),
    }
    const command = { python, args, env, log, startMs: options.startMs, stopMs: options.stopMs }
    const process = await startVllm(command, AbortSignal.any([signal, ending])).catch((error: unknown) => {
      if (!(error instanceof VllmEnded)) throw error
      throw faultIn(error.lastLines, options) ?? new ServerLost(error.message)
    })
    last = process
    const started = { process, rank, context, isAsleep: false }
    void process.ended.then((why) => {
      if (running !== started) return
      running = null
      if (!ending.aborted) log.warn({ why }, 'vllm ended; it is started again for the next question')
    })
    return started
  }

  async function stop(): Promise<void> {
    const stopped = running
    running = null
    await stopped?.process.stop()
  }

  return {
    sequences: options.sequences,
    device: isOnGpu ? 'cuda' : 'cpu',
    async reach(request, asking, signal) {
      const rank = rankAllowed(Math.max(request.lora_rank ?? 1, await rankOf(request.adapter)))
      if (running && running.rank < rank) await stop()
      if (sleeps && (!running || running.isAsleep)) await own.release({ signal })
      const now = running ?? (await start(request, asking, rank, signal))
      running = now
      checkRoom(asking, now.context)
      if (now.isAsleep) {
        await post(now.process, '/wake_up', signal)
        now.isAsleep = false
      }
      const endpoint: Endpoint = { baseUrl: `http://127.0.0.1:${now.process.port}/v1`, apiKey }
      return { endpoint, model, where: 'vLLM' }
    },
    async rest() {
      const now = running
      if (!now || !sleeps || now.isAsleep) return
      // One that cannot sleep would keep the memory that the training needs.
      const slept = await post(now.process, '/sleep?level=1', ending).then(
        () => true,
        () => false,
      )
      if (slept) now.isAsleep = true
      else await stop()
    },
    lossOf: (lost) => faultIn(last?.lastLines() ?? '', options) ?? new RuntimeDiedError(lost.message),
    async [Symbol.asyncDispose]() {
      await stop()
      await apart?.[Symbol.asyncDispose]()
    },
  }
}

function checkRoom({ longest, room }: AskedPrompts, context: number): void {
  if (longest + room <= context) return
  const size = `the longest prompt has ${longest} tokens and its reply may have ${room}`
  const fix = 'raise agents.trainer-bridge.options.vllm.contextTokens'
  throw new RuntimeRequestError('bad_dataset', `${size}, more than the ${context} that vLLM is started with; ${fix}`)
}

/** @throws ServerLost */
async function post({ port }: VllmProcess, path: string, signal: AbortSignal): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', signal }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw new ServerLost(`vLLM does not answer ${path}: ${String(error)}`)
  })
  if (!answer.ok) throw new ServerLost(`vLLM answers ${path} with HTTP ${answer.status}`)
}
