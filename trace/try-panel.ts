import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Logger } from '../bus/mod.ts'
import { jsonOrNull } from '../schemas/bounded-json.ts'
import { RunId } from '../schemas/ids.ts'
import type { Refusal } from './access.ts'
import { answerWith } from './answer.ts'

/*
 * Questions that a person asks models of a run, on the live page.
 * Y1 A question is bounded in size, and one is answered at a time.
 * Y2 Asking changes nothing of a run: the models are those of its log, in a process of their own.
 */

/** What a person asks: a text of their own, `plain` without the task's instruction; or a validation question by its number from 1. */
export const TryQuestion = z.union([
  z.strictObject({ text: z.string().trim().min(1).max(8000), plain: z.boolean().optional() }),
  z.strictObject({ example: z.int().positive() }),
])
export type TryQuestion = z.infer<typeof TryQuestion>

/** The same as the page sends it. */
export const PanelQuestion = z.strictObject({ run: RunId, question: TryQuestion })

export type TryReply = {
  model: string
  text: string
  /** What it thought before, where its template has room for that. */
  thoughts?: string
  /** Whether the reply was cut at the longest that the task allows. */
  isCut: boolean
  /** Of an example: whether it is right by the score that the task counts, and why. */
  isRight?: boolean
  reason?: string
}

export type SideBySideAnswer = {
  /** The user's turn as the models saw it. */
  asked: string
  /** `of`: how many there are. */
  example?: { id: string; skill: string; answer: string; of: number }
  replies: TryReply[]
}

/** Asks models of a run for the page. */
export type TryPanel = {
  /** @throws UserError for what cannot be asked, as before a model is trained */
  ask(runId: string, question: TryQuestion, signal: AbortSignal): Promise<SideBySideAnswer>
}

const maxBodyBytes = 64 * 1024
const unreadable: Refusal = { status: 400, reason: 'not a question of this protocol' }

/** Answers the requests for `/try`: whether questions are answered here (GET), and a question (POST). Access was checked before. */
export function createTryEndpoint(panel: TryPanel | undefined, log: Logger) {
  let isBusy = false

  return async (request: IncomingMessage, response: ServerResponse): Promise<Refusal | undefined> => {
    if (request.method === 'GET') return answerWith(response, log, async () => ({ offered: panel !== undefined }))
    if (request.method !== 'POST' || !panel) return { status: 405, reason: 'no questions are answered here' }
    const bytes = Number(request.headers['content-length'] ?? Number.NaN)
    if (request.headers['content-type'] !== 'application/json' || !(bytes <= maxBodyBytes)) return unreadable
    const asked = PanelQuestion.safeParse(await readJson(request))
    if (!asked.success) return unreadable
    if (isBusy) return { status: 503, reason: 'another question is being answered' }
    isBusy = true
    const { run, question } = asked.data
    await answerWith(response, log, (signal) => panel.ask(run, question, signal)).finally(() => {
      isBusy = false
    })
    return undefined
  }
}

/** The body's value; null where it is none. The server itself ends a request that says more than its length, or takes too long. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = await Array.fromAsync(request).catch(() => [])
  return jsonOrNull(Buffer.concat(chunks).toString('utf8'), { maxDepth: 8, maxValues: 100, maxChars: maxBodyBytes })
}
