import { z } from 'zod'
import { canonicalJson, sha256 } from '../../../schemas/hash.ts'
import type { Stage } from '../../../schemas/usage.ts'
import { NoReply } from '../teacher/call.ts'
import type { Reply } from '../teacher/completion.ts'
import type { ChatRequest } from '../teacher/request.ts'

/** How a call ended without a reply. */
export const Failure = z.object({
  ok: z.literal(false),
  why: NoReply,
  reason: z.string(),
  /** The endpoint refused this request, and would again. */
  lasting: z.literal(true).optional(),
})
export type Failure = z.infer<typeof Failure>

/** What came of a prompt, by its hash. `isKept`: it was paid before, and taken from the journal. */
type Entry<T> = T & { promptHash: string; isKept?: true }
export type Journalled = Entry<{ reply: Reply }>

/** Asks the teacher once under a name of the work, for a stage of it; what is in the journal is taken from there, unpaid. */
export type MeteredCall = (
  name: string,
  request: ChatRequest,
  stage: Stage,
) => Promise<Journalled | Entry<{ failure: Failure }>>

/** What a reply depends on: the model and everything it was asked. */
export const promptText = (model: string, request: ChatRequest): string =>
  canonicalJson({ model, ...JSON.parse(JSON.stringify(request)) })

/** SHA-256 of what a reply depends on. */
export const promptHashOf = (model: string, request: ChatRequest): string => sha256(promptText(model, request))
