import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { frameTokensOf, openTokenCounter } from '../agents/kit/token-counter.ts'
import { hashOf } from '../schemas/hash.ts'
import type { ObjectRef } from '../schemas/ids.ts'
import type { Recipe } from '../schemas/task.ts'
import { TokenizerFiles, TokenLimit } from '../schemas/token-limit.ts'
import type { RuntimeLog } from './runtime.ts'
import type { BridgeParts } from './trainings.ts'

/** What is known of a student's tokenizer; `unusable` says why rows cannot be counted without the runtime. */
const Known = z.union([
  z.object({ unusable: z.string() }),
  TokenLimit.omit({ cutoffLen: true, tokenizer: true }).extend({ files: TokenizerFiles }),
])
type Known = z.infer<typeof Known>

/** Words, figures, spaces, code, LaTeX, other scripts: where tokenizers differ. */
const probe =
  "It's 1234567.89 kg,\n\n\tthen  DON'T \\boxed{x_{12}^{-3}} \\frac{a}{b}; def f(x):\n    return [i**2 for i in x]\n名前 число naïve 😀 ٣ ½ <b>"

/** Publishes the limit by which critics count rows in the student's tokens. The runtime is asked once a machine. */
export function createTokenLimits({ bus, runtime, student, scratch }: BridgeParts, log: RuntimeLog) {
  const cache = join(scratch, 'tokenizers')

  async function ask(system: string, folder: string, signal: AbortSignal): Promise<Known> {
    const told = await runtime.tokenFrame({ student: student.path, system, probe, out: folder }, { signal })
    if ('unusable' in told) return told
    const read = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'))
    const files = { tokenizer: await read('tokenizer.json'), config: await read('tokenizer_config.json') }
    const { prompt, reply } = told
    const counted = await openTokenCounter(files, told).then(
      (count) => count({ instruction: '', input: probe, output: probe }),
      (error: unknown) => String(error),
    )
    if (counted !== told.probe_tokens)
      return { unusable: `a probe has ${told.probe_tokens} tokens, counted: ${counted}` }
    return { prompt, reply, frameTokens: frameTokensOf(files, told), files }
  }

  async function known(system: string, signal: AbortSignal): Promise<Known> {
    const file = join(cache, `${hashOf({ student: student.sha256, system, probe })}.json`)
    const before = await readFile(file, 'utf8').catch(() => null)
    if (before !== null) return Known.parse(JSON.parse(before))
    await mkdir(cache, { recursive: true })
    // Bridges of one machine may ask at the same time, each in a folder of its own.
    const folder = await mkdtemp(join(cache, 'asked-'))
    const found = Known.parse(await ask(system, folder, signal))
    const whole = join(folder, 'known.json')
    await writeFile(whole, JSON.stringify(found))
    await rename(whole, file)
    await rm(folder, { recursive: true, force: true })
    return found
  }

  return {
    /** Null where the tokens of this student cannot be counted without the runtime: then only the training finds rows that are too long. */
    async publish(recipe: Recipe, runId: string, signal: AbortSignal): Promise<ObjectRef | null> {
      const found = await known(recipe.system, signal)
      if ('unusable' in found) {
        log.warn({ student: student.name, why: found.unusable }, 'rows are not counted in tokens before the training')
        return null
      }
      const { files, ...frame } = found
      const tokenizer = await bus.objects.putJson('LAB', 'tokenizer', files)
      const limit: TokenLimit = { ...frame, cutoffLen: recipe.cutoff_len, tokenizer }
      return bus.objects.putJson('LAB', `${runId}/token-limit`, limit)
    },
  }
}
