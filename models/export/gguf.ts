import { readFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { z } from 'zod'
import { converterName, runCommand, runtimeEnvironment } from '../../provision/mod.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { runtimeFault, type StepProgress, weightBytes } from './merged.ts'
import { megabytes, requireSpace } from './part-folder.ts'

/** The types of weights that the converter writes itself, with their bits for each weight. */
export const ggufTypes = { f32: 32, f16: 16, bf16: 16, q8_0: 8.5 } as const
export type GgufType = keyof typeof ggufTypes

export type Conversion = {
  python: string
  /** The converter's folder. */
  converter: string
  /** A folder with merged weights in 16 bits or more. */
  merged: string
  /** The model's name in the file. */
  name: string
  signal: AbortSignal
}

const Shape = z.looseObject({ vocab_size: z.number().optional(), hidden_size: z.number().optional() })
const Config = Shape.extend({ dtype: z.string().optional(), text_config: Shape.optional() })

/** Bytes of a GGUF file, at most. Embeddings and output have 16 bits at least. */
async function ggufBytes(merged: string, type: GgufType): Promise<number> {
  const { dtype, text_config, ...config } = Config.parse(
    JSON.parse(await readFile(join(merged, 'config.json'), 'utf8')),
  )
  const { vocab_size = 0, hidden_size = 0 } = text_config ?? config
  const kept = (2 * vocab_size * hidden_size * Math.max(0, 16 - ggufTypes[type])) / 8
  return ((await weightBytes(merged)) * ggufTypes[type]) / (dtype === 'float32' ? 32 : 16) + kept
}

/**
 * Writes a merged model as one GGUF file.
 * @throws MachineError when the disk is full or memory runs out; UsageError when the converter does not know the model
 */
export async function putGguf(
  { python, converter, merged, name, signal }: Conversion,
  type: GgufType,
  path: string,
  { line, progress }: StepProgress,
): Promise<void> {
  const folder = dirname(path)
  const bytes = await ggufBytes(merged, type)
  await requireSpace(folder, bytes, `the model as GGUF ${type}`)
  line(`converting to GGUF ${type} (${megabytes(bytes)})`)
  const args = ['-m', 'syllabus_runtime.convert_gguf', merged, path, type, name]
  const { PYTHONPATH: own, ...rest } = runtimeEnvironment()
  try {
    await runCommand(python, args, {
      env: { ...rest, PYTHONPATH: `${converter}${delimiter}${own}`, HF_HUB_OFFLINE: '1' },
      signal,
      onLine(text) {
        const done = /^Writing:\s+(\d+)%/.exec(text)?.[1]
        if (done) progress(`GGUF ${type}`, Number(done), 100, '%')
      },
    })
  } catch (error) {
    throw runtimeFault(error, 'a GGUF file was written', folder, (reason) => {
      const fix =
        'Take the merged model: --what merged. transformers and vLLM load it; the converter of a newer llama.cpp may know it.'
      return new UsageError(
        `${converterName} cannot convert this model: ${reason.replace(/^\w+:[\w.-]+:/, '')}.`,
        fix,
        {
          cause: error,
        },
      )
    })
  }
}
