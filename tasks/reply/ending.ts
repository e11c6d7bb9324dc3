/** How a reply ended, by its endpoint: `cut` at a limit of tokens, or `stopped` by something else, in the endpoint's own word. */
export type Ending = { truncated: boolean; stopped?: string }

/**
 * What endpoints call the end of a whole reply, in the letters of the word alone: words that say that it ended, with others that say where
 * and how, such as `end_turn`, `stop_sequence_reached`, `eosFound`, `completed_successfully`, `<|eot_id|>`. No word stands in both lists,
 * and none is made of others: that keeps the search linear.
 */
const ends =
  'stop(?:ped)?|end(?:ed)?|eo[smt]|complet(?:ed?|ion)|finish(?:ed)?|done|succe(?:ss|ssful|ssfully|eded)|normal(?:ly)?|natural(?:ly)?|toolcalls?|tooluse|functioncalls?'
const where =
  'of|im|text|turn|message|sentence|seq(?:uence)?|token|ids?|str(?:ing)?|words?|criteri(?:a|on)|reason|reached|found|met|hit|match|matched'
const whole = new RegExp(`^(?=.*?(?:${ends}))(?:${ends}|${where})+$|^(?:ok|final|s)$`)
/** Words that give no reason. */
const noReason = new Set(['', 'null', 'none', 'undefined', 'unspecified'])
const limit = /length|token|limit|max|window|truncat|cutoff|incomplete|budget/

const maxWordChars = 80

/**
 * What a finish reason says. A word that nobody knows ends no whole reply. Where there is none (null, a number, no field at all), only the
 * count of its tokens can tell that the reply is not whole: `isAtLimit`, it has as many as were allowed.
 */
export function endingOf(finish: unknown, isAtLimit = false): Ending {
  const reason = typeof finish === 'string' ? finish.trim() : ''
  const word = reason
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '')
    .replace(/^finishreason/, '')
  if (noReason.has(word)) return { truncated: isAtLimit }
  if (whole.test(word)) return { truncated: false }
  // A stranger's word, which a terminal will show.
  const stopped = reason.replaceAll(/[^\w .:/-]+/g, ' ').slice(0, maxWordChars)
  return limit.test(word) ? { truncated: true } : { truncated: false, stopped }
}

/** What shows whether a reply is whole. */
type Ended = {
  truncated: boolean
  room?: number | undefined
  stopped?: string | undefined
  thinking?: boolean | undefined
}

/**
 * Why a reply is not whole, as a phrase that completes "your reply cannot be used: …"; null where it is. One that is not is never a row, a
 * score, or a vote.
 */
export function whyIncomplete({ truncated, room, stopped, thinking }: Ended): string | null {
  const limit = room === undefined ? 'the token limit' : `${room} tokens, and its endpoint allows no more`
  if (thinking) return truncated ? `its thoughts were cut off at ${limit}` : 'no answer came after its thoughts'
  if (truncated) return `it was cut off at ${limit}`
  return stopped === undefined ? null : `its endpoint ended it early ("${stopped}")`
}
