import type { PayloadOf } from '../../../schemas/message.ts'
import type { Verdict } from '../../../schemas/messages/generation.ts'
import { notAsked, type Yield } from '../../../schemas/row.ts'

/** The program's own faults: each costs its row, and a source that has nothing else costs the program. */
const ownFaults = ['hook', 'context', 'truncated'] as const

/**
 * Why a program raised: its sources of which no reply has ever become a candidate, most of them for a fault of the program itself. Null
 * while there is none. `bySource` counts all rounds so far, and the words are the last round's.
 */
export function brokenSources(
  bySource: Readonly<Record<string, Yield>>,
  { failures }: Pick<PayloadOf<typeof Verdict>, 'failures'>,
): string | null {
  const broken = Object.entries(bySource).flatMap(([source, { asked, generated, failed }]) => {
    const own = ownFaults.reduce((sum, kind) => sum + (failed?.[kind] ?? 0), 0)
    // Indexes that were not asked, since the first replies could not be used, say nothing.
    const answered = asked - notAsked({ failed }) - (failed?.gone ?? 0)
    if (generated > 0 || own * 2 <= answered) return []
    const words = ownFaults.flatMap((kind) => failures?.[source]?.[kind] ?? [])
    const longer = words.some((each) => each.includes('token limit')) ? '. Give its sampling a higher maxTokens' : ''
    return [`source "${source}" made no row of ${answered}: ${words.join('; ')}${longer}`]
  })
  return broken.length > 0 ? broken.join('\n') : null
}
