import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { SetupError } from '../../../provision/mod.ts'
import { jsonOrNull } from '../../../schemas/bounded-json.ts'
import { claimDevices } from '../../devices/claim.ts'
import type { ModelServer, ServedStudent } from '../../model-server.ts'
import type { RuntimeLog } from '../../runtime-process.ts'
import { runtimeFolder } from '../environment.ts'
import { checkAdapterFits, rankAllowed, rankOf } from './adapters.ts'
import { pythonOfVllm } from './environment.ts'
import { faultIn } from './faults.ts'
import { VllmOptions } from './options.ts'
import { startVllm, VllmEnded } from './server.ts'

const Context = z.object({ max_position_embeddings: z.int().positive().optional().catch(undefined) }).catch({})

/**
 * Serves a student and adapters with vLLM, each a model with a name of its own, on the loopback interface.
 * @throws SetupError where vLLM is not installed, cannot load them, or its GPU is in use by a trainer-bridge
 */
export async function serveWithVllm(
  { student, adapters = [], chat = {} }: ServedStudent,
  { home, log, port, signal }: { home: string; log: RuntimeLog; port?: number | undefined; signal: AbortSignal },
): Promise<ModelServer> {
  const options = VllmOptions.parse({})
  const python = await pythonOfVllm(home)
  for (const { folder } of adapters) await checkAdapterFits(folder, student.path)
  const ranks = await Promise.all(adapters.map(({ folder }) => rankOf(folder)))
  const config = Context.parse(
    jsonOrNull(await readFile(join(student.path, 'config.json'), 'utf8').catch(() => '')) ?? {},
  )
  const context = Math.min(options.contextTokens, config.max_position_embeddings ?? options.contextTokens)
  const variables = {
    ...chat.chat_template_kwargs,
    ...(chat.enable_thinking !== undefined && { enable_thinking: chat.enable_thinking }),
  }
  await using stack = new AsyncDisposableStack()
  const devices = stack.use(await claimDevices({ signal }))
  const isOnGpu = devices.devices.length > 0
  const args = [
    ...['--model', student.path, '--served-model-name', student.name, '--generation-config', 'vllm'],
    ...['--max-model-len', String(context), '--max-num-seqs', String(options.sequences)],
    ...(adapters.length > 0 ? ['--enable-lora', '--max-lora-rank', String(rankAllowed(Math.max(...ranks)))] : []),
    ...(adapters.length > 0 ? ['--max-loras', String(adapters.length), '--lora-modules'] : []),
    ...adapters.map(({ name, folder }) => `${name}=${folder}`),
    ...(Object.keys(variables).length > 0 ? ['--default-chat-template-kwargs', JSON.stringify(variables)] : []),
    ...['--middleware', 'own_host.OwnHost'],
  ]
  const env = {
    ...devices.env,
    PYTHONPATH: runtimeFolder('vllm'),
    VLLM_CACHE_ROOT: join(home, 'vllm'),
    ...(!isOnGpu && { VLLM_CPU_KVCACHE_SPACE: String(options.cpuCacheGb) }),
  }
  const { startMs, stopMs } = options
  const server = await startVllm({ python, args, env, log, startMs, stopMs, port }, signal).catch((error: unknown) => {
    if (!(error instanceof VllmEnded)) throw error
    const why = faultIn(error.lastLines, options)?.message ?? error.message
    throw new SetupError(
      `vLLM does not serve ${student.path}: ${why}.`,
      'Serve with --runtime peft, or correct what it says.',
    )
  })
  stack.defer(server.stop)
  const owned = stack.move()
  return {
    baseUrl: `http://127.0.0.1:${server.port}/v1`,
    models: [student.name, ...adapters.map(({ name }) => name)],
    get pid() {
      return server.pid
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
