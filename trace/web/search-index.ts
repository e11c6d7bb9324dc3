import { brief } from './format.ts'
import type { Entry } from './store.ts'

/** Which messages are wanted. `name`: '' all, '-progress' all but progress; `from`: '' all, a role, or an agent's instance. */
type MessageFilter = { text: string; name: string; from: string }

/** The texts of messages as they are searched: made once for each, so that a search reads them and builds nothing. */
export function createSearchIndex() {
  const texts: string[] = []

  return {
    /** Takes a message; they come in the order of their index. */
    add(entry: Entry): void {
      const { name, from, to, id, description } = entry
      texts[entry.index] = `${name} ${from.instance} ${to?.role ?? ''} ${id} ${brief(description)}`.toLowerCase()
    },
    /** Whether a message is wanted, by one filter; each word of its text has to be somewhere in the message. */
    test({ text, name, from }: MessageFilter): (entry: Entry) => boolean {
      const words = text.toLowerCase().match(/\S+/g) ?? []
      return (entry) =>
        (name === '' || (name === '-progress' ? entry.name !== 'progress' : entry.name === name)) &&
        (from === '' || entry.from.role === from || entry.from.instance === from) &&
        words.every((word) => texts[entry.index]!.includes(word))
    },
  }
}
