import { z } from 'zod'
import { parseJson } from './parse-json.ts'

/** Whether the same request may be answered later: time-outs, conflicts, too many requests, and the endpoint's own errors. */
export const mayPass = (status: number): boolean => [408, 409, 425, 429].includes(status) || status >= 500

/** How endpoints say that they do not take a field. */
export const notTaken =
  /unsupported|not support|unrecogni[sz]ed|unknown|unexpected|extra (inputs|fields)|extra_forbidden|not (permitted|allowed)|cannot both|deprecated/i

/** How endpoints say that a prompt and its reply do not fit into the model's context. */
export const tooLong =
  /context[_ ](length|window|size)|maximum (model|sequence) length|(prompt|input|request) is too (long|large)|too many tokens/i

/** How endpoints say that one prompt is against their rules; some answer 403, as to a key that is refused. */
export const moderated = /moderat|flagged|content[_ ](policy|filter)|safety/i

/** What the codes, types and names of errors say, as the HTTP status that means it. The first that fits holds. */
const meanings: readonly (readonly [RegExp, number])[] = [
  [/insufficient.?quota|billing|payment|insufficient.?(credit|balance)/i, 402],
  [/rate.?limit|too.?many.?requests|exhausted|throttl/i, 429],
  [/overloaded|unavailable|capacity/i, 503],
  [/time.?out/i, 408],
  [/api.?key|authenticat|unauthori[sz]ed/i, 401],
  [/permission|forbidden|access.?denied/i, 403],
  [/not.?found/i, 404],
  [/server.?error|internal/i, 500],
  [/invalid|bad.?request|context.?length|unprocessable/i, 400],
]

const word = z.union([z.string(), z.number()]).nullish().catch(null)
const ErrorBody = z.object({
  error: z.object({ code: word, type: word, status: word }).or(z.string()),
  choices: z.array(z.unknown()).max(0).nullish(),
})

/**
 * The HTTP status that an answer stands for, since not all say it in the status: gateways send an error as a success (an `error` in its
 * body and no choices), and an account without money is told as a rate limit. null: it is an error that nothing says the kind of.
 */
export function statusMeant({ status, text }: { status: number; text: string }): number | null {
  const isSuccess = status >= 200 && status < 300
  if ((!isSuccess && status !== 429) || !text.includes('"error"')) return status
  const body = ErrorBody.safeParse(parseJson(text))
  if (!body.success) return status
  const { error } = body.data
  const words = typeof error === 'string' ? [] : [error.code, error.type, error.status].filter((each) => each != null)
  if (!isSuccess) return words.includes('insufficient_quota') ? 402 : status
  const code = words.map(Number).find((each) => each >= 400 && each < 600)
  return code ?? meanings.find(([says]) => words.some((each) => says.test(String(each))))?.[1] ?? null
}
