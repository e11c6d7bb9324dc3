// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\0-\x08\x0B-\x1F\x7F-\x9F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g

/** A text as a terminal may show it: nothing that a model or an endpoint says moves the cursor, colours lines or turns their direction. */
export const printable = (text: string): string => text.replaceAll(controls, '\uFFFD')
