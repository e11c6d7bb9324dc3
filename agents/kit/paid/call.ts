import { hashOf } from '../../../schemas/hash.ts'
import type { ChatRequest, Reply } from '../teacher/request.ts'
import type { Answer } from '../teacher/teacher.ts'

/** A reply with the hash of the prompt it answers. */
export type Journalled = { promptHash: string; reply: Reply }

/** Asks the teacher once under a name of the work; a reply in the journal is taken from there, unpaid. */
export type Call = (
  name: string,
  request: ChatRequest,
) => Promise<Journalled | { promptHash: string; failure: Exclude<Answer, { ok: true }> }>

/** What a reply depends on, hashed. */
export const promptHashOf = (model: string, { messages, sampling }: ChatRequest): string =>
  hashOf({ model, messages, sampling: JSON.parse(JSON.stringify(sampling)) })
