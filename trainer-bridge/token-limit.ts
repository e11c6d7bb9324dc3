import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { frameTokensOf, openTokenCounter } from '../agents/kit/token-counter.ts'
import { writeWhole } from '../machine/state-file.ts'
import { jsonOrNull } from '../schemas/bounded-json.ts'
import { hashOf } from '../schemas/hash.ts'
import type { PayloadOf } from '../schemas/message.ts'
import type { Predictions } from '../schemas/messages/evaluation.ts'
import { runtimeRevision } from '../schemas/runtime-protocol.ts'
import type { ChatSettings, Recipe } from '../schemas/task.ts'
import { TokenizerFiles, TokenLimit } from '../schemas/token-limit.ts'
import type { RuntimeLog } from './runtime-process.ts'
import type { BridgeParts } from './trainings.ts'

/** How the rows of a student are counted, as a machine remembers it. */
const Known = TokenLimit.omit({ cutoffLen: true, tokenizer: true }).extend({
  files: TokenizerFiles,
  /** Tokens of a prompt and its reply at most; null where there is no limit. */
  context: z.int().positive().nullable(),
})
type Known = z.infer<typeof Known>

/** Why rows cannot be counted without the runtime. It may pass, so it is asked again for the next run. */
type Unusable = { unusable: string }

/** What predictions say of it. */
type Counting = Pick<PayloadOf<typeof Predictions>, 'tokenLimit' | 'tokensUncounted'>

/** Words, figures, spaces, code, LaTeX, other scripts: where tokenizers differ. */
const probe =
  "It's 1234567.89 kg,\n\n\tthen  DON'T \\boxed{x_{12}^{-3}} \\frac{a}{b}; def f(x):\n    return [i**2 for i in x]\n名前 число naïve 😀 ٣ ½ <b>"

type Parts = Pick<BridgeParts, 'bus' | 'runtime' | 'student' | 'scratch'>

/**
 * Publishes the limit by which critics count rows in the student's tokens. Once that is known, a machine does not ask the runtime again.
 */
export function createTokenLimits({ bus, runtime, student, scratch }: Parts, log: RuntimeLog) {
  const cache = join(scratch, 'tokenizers')

  async function ask(
    system: string,
    chat: ChatSettings,
    folder: string,
    signal: AbortSignal,
  ): Promise<Known | Unusable> {
    const frame = await runtime.tokenFrame({ student: student.path, system, chat, probe, out: folder }, { signal })
    if ('unusable' in frame) return frame
    const read = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'))
    const files = { tokenizer: await read('tokenizer.json'), config: await read('tokenizer_config.json') }
    const { prompt, reply, context } = frame
    const counted = await openTokenCounter(files, frame).then(
      (count) => count({ instruction: '', input: probe, output: probe }),
      (error: unknown) => String(error),
    )
    if (counted !== frame.probe_tokens)
      return { unusable: `a probe has ${frame.probe_tokens} tokens, counted: ${counted}` }
    // Parsed, so that it is written, and hashed, as it is when it is remembered.
    return Known.parse({ prompt, reply, context, frameTokens: frameTokensOf(files, frame), files })
  }

  async function known(system: string, chat: ChatSettings, signal: AbortSignal): Promise<Known | Unusable> {
    const key = hashOf({ student: student.sha256, system, chat, probe, runtime: runtimeRevision })
    const file = join(cache, `${key}.json`)
    const before = Known.safeParse(jsonOrNull(await readFile(file, 'utf8').catch(() => '')))
    if (before.success) return before.data
    await mkdir(cache, { recursive: true })
    // Bridges of one machine may ask at the same time, each in a folder of its own.
    const folder = await mkdtemp(join(cache, 'asked-'))
    try {
      const found = await ask(system, chat, folder, signal)
      if ('unusable' in found) return found
      await writeWhole(file, JSON.stringify(found))
      return found
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  return {
    /** The TokenLimit, or why there is none: then only the training finds rows that are too long. */
    async publish(recipe: Recipe, chat: ChatSettings, runId: string, signal: AbortSignal): Promise<Counting> {
      const found = await known(recipe.system, chat, signal)
      if ('unusable' in found) {
        log.warn({ student: student.name, why: found.unusable }, 'rows are not counted in tokens before the training')
        return { tokensUncounted: found.unusable }
      }
      const { files, context, ...frame } = found
      const tokenizer = await bus.objects.putJson('LAB', 'tokenizer', files)
      const limit: TokenLimit = {
        ...frame,
        cutoffLen: Math.min(recipe.cutoff_len, context ?? recipe.cutoff_len),
        tokenizer,
      }
      return { tokenLimit: await bus.objects.putJson('LAB', `${runId}/token-limit`, limit) }
    },
  }
}
