import type { EndpointError } from './endpoint-error.ts'
import { isLongLimit } from './wait.ts'

/** Whether the same request may be answered later: time-outs, conflicts, too many requests, and the endpoint's own errors. */
export const mayPass = (status: number): boolean => passingStatuses.includes(status) || status >= 500

/** Some of them are of one maker alone: 420 and 449 ask to wait, 424 is a model that failed, 498 one without room, 499 one that hung up. */
const passingStatuses = [408, 409, 420, 421, 423, 424, 425, 429, 449, 498, 499]

/** Statuses whose number alone says what they are; of all others below 500 the text counts, and of 500. */
const plainStatuses = [401, 402, 404, 405, 407, 408, 409, 410, 413, 425]

/** How endpoints say that they do not take a field. */
export const notTaken =
  /unsupported|n[o']t support|support the requested|unrecogni[sz]ed|unknown|unexpected|extra (inputs|fields)|extra_forbidden|not (permitted|allowed|valid|accepted|available|enabled|implemented)|cannot (both|be)|deprecated|no longer|out of range|(must|should) (not )?be|only .{0,60}(allowed|supported|accepted)|instead/i

/** How endpoints say that a prompt and its reply do not fit into the model's context. */
export const tooLong =
  /context[_ ](length|window|size)|context limit|max(imum)?[_ ](model|seq(uence)?|prompt|input)[_ ]len|range of input length|(prompt|input|request|string|entity)( is)? too (long|large)|too many (input )?tokens|exceed.{0,20}context|(input|prompt).{0,40}exceed|inputs?\W{0,2} must have less|reduce your (message|prompt|input)|超长|过长/i

/** The same of one that no pause helps, though it comes as too many requests: it is more than a minute's tokens. */
const neverFits = /request( is)? too large|reduce your (message|prompt|input)/i

/** Whether a request is refused for its length, as its status and words tell. Bedrock turns away who asks often with "too many tokens". */
export const isTooLong = (status: number, words: string): boolean =>
  status === 413 || (status === 429 ? neverFits : tooLong).test(words)

/** How endpoints say that a reply had all the tokens it might have: some answer that with an error, and give nothing of it. */
export const cutOff = /(max\w*[_ ](\w+[_ ])?tokens|output limit)\b.{0,40}\breached/i

/** How endpoints say that one prompt is against their rules; some answer 403, as to a key that is refused. */
export const moderated =
  /moderat|flagged|content[_ ]?(policy|filter|management)|safety|data_inspection|inappropriate|敏感|不安全|违规/i

/** How endpoints say that an account has no money. */
const noMoney =
  /insufficient.{0,20}(quota|credit|balance|fund)|(?<!(thinking|reasoning|token)s?[_ .]?)budget.{0,20}exceed|exceed(?!.{0,12}(thinking|reasoning|token)).{0,20}budget|spend(ing)? (limit|cap)|account.{0,40}suspended|(out of|not enough|requires? more|exceeded .{0,20}) credits?|arrear|overdue|billing.{0,20}(limit|inactive|not active|issue)|balance.{0,30}(low|not enough|exhausted|insufficient)|(trial|subscription).{0,30}\b(ended|expired|lapsed|finished|is over|inactive|not active|cancel+ed)\b|credits?.{0,20}\b(expired|used up|run out|depleted|exhausted)\b|unpaid (invoice|bill|balance)|余额|欠费/i

/** The same by what a person is to do. Some say it of more requests a minute, too: a text that speaks of those is no such one. */
const wantsPayment =
  /(add|provide|enter|update|valid|set up|missing|need|requires?|no|without).{0,20}(payment (method|details|info)|(credit|debit|bank) card|billing (details|info))|(top.?up|recharge) (your|the) (account|balance|wallet)|(add|buy|purchase) (\w+ )?(credits?|funds)|payment (is )?required/i

/** How endpoints say that too many requests came; words of codes, and of texts. */
const tooMany =
  /rate.?limit|too.?many.?requests|throttl|(resource|quota).?ex(hausted|ceeded)|daily.?limit|rate exceeded|限流|频率|并发/i

const isUnpaid = (text: string): boolean => noMoney.test(text) || (wantsPayment.test(text) && !tooMany.test(text))

/** How endpoints say that a key is refused. */
const badKey =
  /api.?key.{0,40}(invalid|not valid|incorrect|expired|missing|required|disabled)|(invalid|incorrect|expired|missing|no).{0,3}(x-)?api.?key|authenticat|unauthori[sz]ed/i

/** How endpoints say that there is no such model. */
const noModel =
  /model.?(not.?(found|exist|supported)|.{1,80}(does not exist|not exist|not found|is not a valid model|retired|decommissioned|no longer))|(not a valid|invalid|unknown|no such) model/i

/** What the codes of errors say, as the HTTP status that means it. The first that fits holds. */
const meanings: readonly (readonly [RegExp, number])[] = [
  [noMoney, 402],
  [/billing|payment/i, 402],
  [/api.?key/i, 401],
  [badKey, 401],
  [tooMany, 429],
  [/exhausted/i, 429],
  [/overloaded|unavailable|capacity/i, 503],
  [/time.?out/i, 408],
  [/permission|forbidden|access.?denied/i, 403],
  [/not.?found/i, 404],
  [/server.?error|internal/i, 500],
  [/invalid|bad.?request|context.?length|unprocessable/i, 400],
]

/** What the texts of an error may say, where its status says little. */
const ofTexts: typeof meanings = [
  [noMoney, 402],
  [tooMany, 429],
  [wantsPayment, 402],
  [badKey, 401],
  [noModel, 404],
  [/overloaded|(currently|still|is) loading|(server|system) (is )?busy/i, 503],
]
/** The same of one that comes as a success. */
const ofSuccesses: typeof meanings = [...ofTexts, [/try again later/i, 503]]

/** Those of them that are about an account or a key. */
const ofAccounts = 4

const meaning = (words: readonly string[], table: typeof meanings): number | undefined =>
  table.find(([pattern]) => words.some((word) => pattern.test(word)))?.[1]

/**
 * The HTTP status that an answer without a reply stands for, since not all say it in the status: gateways send errors as successes, an
 * account without money is a rate limit to one and a bad request to another. null: an error of which nothing says the kind.
 */
export function statusMeant(status: number, error: EndpointError | null): number | null {
  if (error === null) return status
  const { codes, text } = error
  if (status >= 200 && status < 300) {
    // Numbers of one's own look like a status: words that name an account or a key come first.
    const ofAccount = meaning(codes, meanings.slice(0, ofAccounts))
    const named = codes.map(Number).find((code) => code >= 400 && code < 600)
    const byMeaning = meaning(codes, meanings) ?? meaning([text], ofSuccesses)
    return ofAccount ?? named ?? byMeaning ?? (isLongLimit(text) ? 429 : null)
  }
  if (moderated.test(text)) return status
  if (status >= 400 && isUnpaid(text)) return 402
  if (isLongLimit(text) && status !== 401 && status !== 404) return 429
  if (plainStatuses.includes(status) || status > 500) return status
  // Of a status that says little, the words count: those of codes, and of a refusal the texts too.
  const ofCodes = meaning(codes, [...meanings.slice(0, 2), [tooMany, 429], [noModel, 404]])
  if (ofCodes !== undefined || status === 429 || status === 500) return ofCodes ?? status
  return meaning([text], ofTexts) ?? status
}
