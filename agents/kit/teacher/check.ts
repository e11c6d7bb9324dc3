import { z } from 'zod'
import type { Endpoint } from './options.ts'

const Models = z.object({ data: z.array(z.object({ id: z.string() })) })

/** What keeps a teacher from answering, and how to mend it. */
export class TeacherUnusable extends Error {
  readonly mend: string

  constructor(message: string, mend: string) {
    super(message)
    this.name = 'TeacherUnusable'
    this.mend = mend
  }
}

/**
 * Asks the endpoint for its models, which is not paid. Errors: TeacherUnusable for a refused key, an address without an API and a
 * model that is not there. An endpoint that has no list of models passes: then only a call can tell.
 */
export async function checkTeacher({ baseUrl, apiKey }: Endpoint, model: string, timeoutMs = 10_000): Promise<void> {
  const mendUrl =
    'Set OPENAI_BASE_URL to the address of an OpenAI-compatible API, for example http://127.0.0.1:11434/v1.'
  const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {}
  const ask = async () => {
    const response = await fetch(`${baseUrl}/models`, { headers, signal: AbortSignal.timeout(timeoutMs) })
    return { status: response.status, text: await response.text() }
  }
  const { status, text } = await ask().catch((error: unknown) => {
    const cause =
      error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error)
    throw new TeacherUnusable(`There is no API at ${baseUrl}: ${cause}.`, mendUrl)
  })
  if (status === 401 || status === 403) {
    throw new TeacherUnusable(
      `${baseUrl} refuses the key (HTTP ${status}).`,
      'Set OPENAI_API_KEY to a key of this endpoint.',
    )
  }
  if (status === 404 || status === 405 || status === 501 || status === 429 || status >= 500) return
  const models = Models.safeParse(parse(text))
  if (status !== 200 || !models.success) {
    throw new TeacherUnusable(`What answers at ${baseUrl} is no OpenAI-compatible API (HTTP ${status}).`, mendUrl)
  }
  const names = models.data.data.map(({ id }) => id)
  if (names.includes(model)) return
  throw new TeacherUnusable(
    `${baseUrl} has no model "${model}".`,
    `Name one of: ${names.slice(0, 20).join(', ') || 'none'}.`,
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
