import { open, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import type { HttpClient } from '../../../agents/kit/teacher/http-client.ts'
import { shown } from '../../../agents/kit/teacher/quoted.ts'
import { isObject, jsonOrNull } from '../../../schemas/bounded-json.ts'
import { reasonOf } from '../../../schemas/user-error.ts'
import { isOutOfMemory, RuntimeRequestError } from '../../runtime-errors.ts'
import { ServerLost } from '../answer-prompts.ts'

/** Ranks that vLLM makes room for. */
const ranks = [8, 16, 32, 64, 128, 256, 320, 512]

/** The least rank that vLLM can be started with for adapters of this one. */
export const rankAllowed = (rank: number): number => ranks.find((each) => each >= rank) ?? ranks.at(-1)!

/** The rank of a PEFT folder's adapter. @throws RuntimeRequestError where there is none, or one that vLLM cannot load */
export async function rankOf(folder: string | null): Promise<number> {
  if (folder === null) return 1
  const text = await readFile(join(folder, 'adapter_config.json'), 'utf8').catch(() => '')
  const config = z.object({ r: z.int().positive(), use_dora: z.boolean().nullish() }).safeParse(jsonOrNull(text))
  if (!config.success)
    throw new RuntimeRequestError(
      'bad_request',
      `no adapter at ${folder}: adapter_config.json is missing, or has no rank`,
    )
  const { r, use_dora } = config.data
  const why = use_dora
    ? 'is a DoRA adapter'
    : r > ranks.at(-1)!
      ? `has the rank ${r}, and vLLM takes ${ranks.at(-1)} at most`
      : null
  if (why) throw new RuntimeRequestError('bad_request', `the adapter at ${folder} ${why}; set options.infer to peft`)
  return r
}

/**
 * vLLM takes an adapter of a student with other sizes without a word, and answers with it.
 * @throws RuntimeRequestError where an adapter's projections do not read what the student's layers give
 */
export async function checkAdapterFits(folder: string, student: string): Promise<void> {
  const config = jsonOrNull(await readFile(join(student, 'config.json'), 'utf8').catch(() => ''))
  const sizes = z
    .union([Sizes, z.object({ text_config: Sizes }).transform(({ text_config }) => text_config)])
    .safeParse(config)
  if (!sizes.success) return
  const { hidden_size, num_hidden_layers } = sizes.data
  for (const [name, { shape }] of Object.entries(await tensorsIn(join(folder, 'adapter_model.safetensors')))) {
    const layer = Number(/\.layers\.(\d+)\./.exec(name)?.[1] ?? 0)
    const reads = /\.(q_proj|gate_proj)\.lora_A\./.test(name) ? shape[1] : hidden_size
    if (reads === hidden_size && layer < num_hidden_layers) continue
    const what = layer < num_hidden_layers ? `reads ${reads} numbers` : `is of layer ${layer}`
    throw new RuntimeRequestError(
      'bad_request',
      `the adapter at ${folder} is of another student: ${name} ${what}, and the student has ${num_hidden_layers} layers of ${hidden_size}`,
    )
  }
}

const Sizes = z.object({ hidden_size: z.int(), num_hidden_layers: z.int() })
const Tensors = z.record(z.string(), z.object({ shape: z.array(z.int()) }))

/** The header of a safetensors file: its length in eight bytes, then JSON. */
async function tensorsIn(path: string): Promise<z.infer<typeof Tensors>> {
  const file = await open(path).catch(() => null)
  if (!file) throw new RuntimeRequestError('bad_request', `no adapter at ${path}: the file is missing`)
  try {
    const length = Buffer.alloc(8)
    await file.read(length, 0, 8, 0)
    const header = Buffer.alloc(Math.min(Number(length.readBigUInt64LE()), mostHeaderBytes))
    await file.read(header, 0, header.length, 8)
    const read = jsonOrNull(header.toString('utf8'))
    const { __metadata__, ...tensors } = isObject(read) ? read : {}
    return Tensors.safeParse(tensors).data ?? {}
  } finally {
    await file.close()
  }
}

const mostHeaderBytes = 2 ** 24

/** The name of an adapter on a server: that of its training, whose folder it lies in. */
export const adapterName = (folder: string): string => `syllabus-${basename(dirname(folder)).slice(0, 16)}`

/** Puts an adapter on a server, by its path there. One that is on already stays on. @throws ServerLost, RuntimeRequestError */
export async function loadAdapter(
  client: HttpClient,
  folder: string,
  where: string,
  signal: AbortSignal,
): Promise<string> {
  const name = adapterName(folder)
  const body = JSON.stringify({ lora_name: name, lora_path: folder })
  const answer = await client.post('/load_lora_adapter', body, signal).catch((error: unknown) => {
    signal.throwIfAborted()
    throw new ServerLost(`${where} does not answer: ${reasonOf(error)}`)
  })
  const { status, text } = answer
  if (status < 300 || /already (been )?loaded/i.test(text)) return name
  if (status === 404 && !/lora|adapter/i.test(text.replaceAll('load_lora_adapter', '')))
    throw new RuntimeRequestError(
      'bad_request',
      `${where} takes no adapters while it runs; start it with --enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=True`,
    )
  const why = `${where} does not load the adapter ${folder} (HTTP ${status}): ${shown(text)}`
  if (/Engine(Core|Dead)/.test(text)) throw new ServerLost(why)
  if (isOutOfMemory(text)) throw new RuntimeRequestError('out_of_memory', why)
  throw new RuntimeRequestError('bad_request', `${why}; ${fixOf(text)}`)
}

const fixOf = (text: string): string =>
  /max_lora_rank|rank/i.test(text)
    ? 'start your vLLM with a larger --max-lora-rank'
    : /no such file|not found|does not exist|No adapter/i.test(text)
      ? 'your vLLM must see this folder under the same path'
      : 'the adapter fits the student that it was trained on, and no other; set options.infer to peft where vLLM cannot take it'

/** Takes it off again. A server that does not hear it is no fault: it has room for another. */
export async function unloadAdapter(client: HttpClient, name: string, signal: AbortSignal): Promise<void> {
  await client.post('/unload_lora_adapter', JSON.stringify({ lora_name: name }), signal).catch(() => {})
}
