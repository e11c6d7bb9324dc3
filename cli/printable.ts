// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\0-\x08\x0B-\x1F\x7F-\x9F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g

/** A text as a terminal may show it: nothing that a model or an endpoint says moves the cursor, colours lines or turns their direction. */
export const printable = (text: string): string => text.replaceAll(controls, '\uFFFD')

/** A name that a stranger chose, inside a line of ours: on that line, and no longer than is read. */
export const printableName = (name: string): string =>
  printable(name.length > maxNameChars ? `${name.slice(0, maxNameChars)}…` : name).replaceAll(
    /[\t\n\u2028\u2029]/g,
    '\uFFFD',
  )
const maxNameChars = 200
