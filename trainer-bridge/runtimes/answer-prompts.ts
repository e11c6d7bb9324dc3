import { appendFile, readFile, rm } from 'node:fs/promises'
import { z } from 'zod'
import { jsonOrNull } from '../../schemas/bounded-json.ts'
import type { InferProgress, InferRequest, InferResult, PromptsResult } from '../../schemas/runtime-protocol.ts'
import type { CallOptions, Runtime } from '../runtime.ts'
import { RuntimeDiedError, RuntimeRequestError } from '../runtime-errors.ts'

/** A question as it goes to a server: in tokens, and as messages for a server that has the chat template itself. */
export const AskedPrompt = z.object({
  id: z.string(),
  tokens: z.array(z.int()),
  messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })),
})
export type AskedPrompt = z.infer<typeof AskedPrompt>

/** What a server answered: in tokens, or as the text of one that gives none. `count`: its tokens as the server counts them. */
export type ServerReply = { finish: 'stop' | 'length' } & (
  | { tokens: number[] }
  | { text: string; thoughts?: string; count?: number }
)

/** The server did not answer: it died, is not there, or has lost what it was given. It may answer once it is ready again. */
export class ServerLost extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ServerLost'
  }
}

/** What the prompts have in common. */
export type AskedPrompts = Pick<PromptsResult, 'room' | 'longest' | 'end_ids' | 'dtype' | 'context'>

/** Answers one prompt with at most `room` tokens. @throws ServerLost, RuntimeRequestError, the signal's reason */
export type AskServer = (prompt: AskedPrompt, room: number, signal: AbortSignal) => Promise<ServerReply>

/** A server that answers in place of the project's own runtime. */
export type AnswerServer = {
  /** Prompts that are under way at the same time. */
  concurrency: number
  /** How often in a row it may be lost without one answer. */
  mostLosses: number
  /** Makes it answer with this adapter, starting it again where it died. @throws ServerLost, RuntimeRequestError */
  ready(request: InferRequest, asking: AskedPrompts, signal: AbortSignal): Promise<AskServer>
  /** What the loss means, with what a person does. */
  lossOf?(lost: ServerLost): Error
}

/** Thoughts are closed once a reply, so it is gone on with once. */
const mostRounds = 3

/**
 * Answers the questions of a request with a server. Prompts are rendered, and replies are read, by the project's own runtime, so they are
 * the same whoever answers.
 * A1  A reply is in the journal, `out` with `.replies`, before another prompt takes its place: what is answered is kept, also by a process
 *     that ends in between, for the same request sent again.
 * A2  A server that is lost is made ready again, and asked what is open.
 */
export async function answerPrompts(
  server: AnswerServer,
  own: Pick<Runtime, 'prompts' | 'readReplies'>,
  request: InferRequest,
  { signal = new AbortController().signal, onProgress = () => {} }: CallOptions<InferProgress> = {},
): Promise<InferResult> {
  const started = performance.now()
  const { adapter: _adapter, lora_rank: _rank, ...asked } = request
  const [prompts, replies] = [`${request.out}.prompts`, `${request.out}.replies`]
  const asking = await own.prompts({ ...asked, out: prompts }, { signal })
  const all = await linesOf(prompts, AskedPrompt)
  const known = new Set((await linesOf(replies, z.object({ id: z.string() }))).map(({ id }) => id))
  let open: (AskedPrompt & { begun?: number[] })[] = all.filter(({ id }) => !known.has(id))
  const total = asking.count
  let done = total - open.length

  for (let round = 1; ; round++) {
    await askAll(server, request, asking, open, signal, async (prompt, reply) => {
      const whole = 'tokens' in reply ? { ...reply, tokens: [...(prompt.begun ?? []), ...reply.tokens] } : reply
      await appendFile(replies, `${JSON.stringify({ id: prompt.id, ...whole })}\n`)
      if (round > 1) return
      done += 1
      const perReplyMs = (performance.now() - started) / done
      onProgress({ phase: 'infer', done, total, eta_s: Math.round((perReplyMs * (total - done)) / 1000) })
    })
    // A question that does not fit has no line, and the file may have none at all.
    await appendFile(replies, '')
    const { open: left, ...read } = await own.readReplies({ ...asked, replies }, { signal })
    if (left === 0) {
      await Promise.all([prompts, replies].map((path) => rm(path, { force: true })))
      return { ...read, seconds: Math.round(performance.now() - started) / 1000 }
    }
    if (round === mostRounds) throw new RuntimeRequestError('internal', `${left} replies do not end`)
    const begun = new Map((await linesOf(request.out, Begun)).map(({ id, tokens }) => [id, tokens]))
    open = all.flatMap((prompt) => {
      const tokens = begun.get(prompt.id)
      return tokens ? [{ ...prompt, tokens: [...prompt.tokens, ...tokens], begun: tokens }] : []
    })
  }
}

const Begun = z.object({ id: z.string(), tokens: z.array(z.int()) })

/** The lines of a file that can be read; the last may be cut off, where a process ended. */
async function linesOf<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => schema.safeParse(jsonOrNull(line)).data ?? [])
}

type Open = AskedPrompt & { begun?: number[] }

async function askAll(
  server: AnswerServer,
  request: InferRequest,
  asking: AskedPrompts,
  prompts: readonly Open[],
  signal: AbortSignal,
  onReply: (prompt: Open, reply: ServerReply) => Promise<void>,
): Promise<void> {
  let open = [...prompts]
  let losses = 0
  while (open.length > 0) {
    const before = open.length
    const lost = await server
      .ready(request, asking, signal)
      .then((ask) => sideBySide(ask))
      .catch(onlyLoss)
    signal.throwIfAborted()
    if (!lost) return
    losses = open.length < before ? 1 : losses + 1
    if (losses > server.mostLosses) throw server.lossOf?.(lost) ?? new RuntimeDiedError(lost.message)
  }

  /** Asks what is open; gives the loss that ended it. */
  async function sideBySide(ask: AskServer): Promise<ServerLost | null> {
    const waiting = open.values()
    const failed = new AbortController()
    const either = AbortSignal.any([signal, failed.signal])
    const worker = async () => {
      for (const prompt of waiting) {
        if (either.aborted) return
        const room = asking.room - (prompt.begun?.length ?? 0)
        await onReply(prompt, await ask(prompt, room, either))
        open = open.filter((each) => each !== prompt)
      }
    }
    const workers = Array.from({ length: Math.min(server.concurrency, open.length) }, () =>
      worker().catch((error: unknown) => {
        if (!failed.signal.aborted) failed.abort(error)
      }),
    )
    await Promise.all(workers)
    return failed.signal.aborted ? onlyLoss(failed.signal.reason) : null
  }
}

/** The loss; another error is not one. */
function onlyLoss(error: unknown): ServerLost {
  if (error instanceof ServerLost) return error
  throw error
}
