type Labelled = readonly (readonly [label: string, amount: string])[]

const joined = (pattern: (label: string, amount: string) => string, between: string) => (list: Labelled) =>
  list.map(([label, amount]) => pattern(label, amount)).join(between)

/** The ways in which a frame may set out labelled amounts. */
const LIST_STYLES: Readonly<Record<string, (list: Labelled) => string>> = {
  comma: joined((label, amount) => `${label} ${amount}`, ', '),
  equals: joined((label, amount) => `${label}=${amount}`, ' '),
  reversed: joined((label, amount) => `${amount} ${label}`, ', '),
  bar: joined((label, amount) => `${label} ${amount}`, ' | '),
  and: joined((label, amount) => `${label} ${amount}`, ' and '),
  colon: joined((label, amount) => `${label}: ${amount}`, ', '),
  asks: joined((label, amount) => `${label} asks ${amount}`, ' and '),
  dash: joined((label, amount) => `${label} - ${amount}`, ', '),
  semicolon: joined((label, amount) => `${label} ${amount}`, '; '),
  brackets: joined((label, amount) => `[${label} ${amount}]`, ' '),
  was: joined((label, amount) => `${label} was ${amount}`, ', '),
  slash: joined((label, amount) => `${label} ${amount}`, ' / '),
  arrow: joined((label, amount) => `${label} -> ${amount}`, ', '),
  parentheses: joined((label, amount) => `${label} (${amount})`, ', '),
  plus: joined((label, amount) => `${label} at ${amount}`, ' plus '),
}

/** @throws throws on a style that does not exist */
export function setOut(list: Labelled, style: string): string {
  const write = LIST_STYLES[style]
  if (!write) throw new Error(`unknown list style "${style}"`)
  return write(list)
}
