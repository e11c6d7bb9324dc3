import { isOutOfMemory, RuntimeRequestError } from '../../runtime-errors.ts'
import type { VllmOptions } from './options.ts'

const at = (option: string) => `agents.trainer-bridge.options.vllm.${option}`

/** What vLLM's last lines mean; the first that fits. */
const meanings: [
  says: RegExp,
  kind: 'out_of_memory' | 'bad_student' | 'bad_request',
  what: string,
  fix: (of: VllmOptions) => string,
][] = [
  [
    /Free memory on device .* is less than desired/i,
    'out_of_memory',
    'its device has less memory free than it is to take',
    ({ memoryShare }) =>
      `lower ${at('memoryShare')} (${memoryShare}), name a free device in ${at('gpus')}, or end what else runs there`,
  ],
  [
    /No available memory for the cache blocks|larger than the (maximum number of tokens|available KV cache memory)|KV cache .{0,40}needed/i,
    'out_of_memory',
    'no memory is left for keys and values',
    ({ memoryShare, contextTokens, cpuCacheGb }) =>
      `raise ${at('memoryShare')} (${memoryShare}; without a GPU ${at('cpuCacheGb')}, ${cpuCacheGb}), or lower ${at('contextTokens')} (${contextTokens})`,
  ],
  [
    /driver version is insufficient|driver on your system is too old/i,
    'bad_request',
    'the driver is older than its packages need',
    () => 'update the NVIDIA driver',
  ],
  [
    /are not supported for now|not supported LoRA|does not support LoRA|no module or parameter named|Model architectures/i,
    'bad_student',
    'it does not know the student, or takes no adapters on it',
    () => 'set agents.trainer-bridge.options.infer to peft',
  ],
]

/** Why a vLLM that ended did so, as its last lines tell, with the setting that fixes it; null where they tell nothing that is known. */
export function faultIn(lastLines: string, options: VllmOptions): RuntimeRequestError | null {
  for (const [says, kind, what, fix] of meanings) {
    const found = lastLines.split('\n').findLast((line) => says.test(line))
    if (found) return new RuntimeRequestError(kind, `vLLM: ${what}: ${short(found)}; ${fix(options)}`)
  }
  const line = lastLines.split('\n').findLast(isOutOfMemory)
  if (line === undefined) return null
  const fix = `lower ${at('sequences')} (${options.sequences}) or ${at('memoryShare')} (${options.memoryShare}), or name a device of its own in ${at('gpus')}`
  return new RuntimeRequestError('out_of_memory', `vLLM: memory ran out: ${short(line)}; ${fix}`)
}

const short = (line: string) => line.trim().slice(-300)
