const plain = /^[\w@%+=:,./-]+$/

const quoted = (word: string): string => (plain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

/** The command that was given, with some of its options at other values, as a person types it. */
export function commandAgain(args: readonly string[], options: Readonly<Record<string, number>> = {}): string {
  const changed = new Set(Object.keys(options))
  const kept = args.filter((word, at) => {
    const before = args[at - 1] ?? ''
    return !changed.has(word) && !changed.has(before) && !changed.has(word.split('=')[0] ?? '')
  })
  const values = Object.entries(options).flatMap(([name, value]) => [name, String(value)])
  return ['npx', 'syllabus', ...kept, ...values].map(quoted).join(' ')
}
