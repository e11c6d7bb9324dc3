import type { ChatRequest, Reply } from '../../kit/teacher/request.ts'
import type { Answer } from '../../kit/teacher/teacher.ts'

/** A reply with the hash of the prompt it answers. */
export type Journalled = { promptHash: string; reply: Reply }

/** Asks the teacher once under a name of the shard; a reply in the journal is taken from there, unpaid. */
export type Call = (
  name: string,
  request: ChatRequest,
) => Promise<Journalled | { promptHash: string; failure: Exclude<Answer, { ok: true }> }>
