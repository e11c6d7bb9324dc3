import { withoutControlCharacters } from '../../../schemas/printable.ts'

/** A piece of HTML that is safe to print. Only `html` and `trusted` make one. */
export type Markup = { readonly markup: string }

type Value = Markup | string | number | null | undefined | false | readonly Value[]

/** HTML whose interpolated values are escaped, whatever they hold; markup and lists of it go in as they are. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Markup {
  return { markup: strings.reduce((text, part, index) => text + print(values[index - 1]) + part) }
}

/** Markup of our own making: a style sheet, a drawing. Never for data. */
export const trusted = (markup: string): Markup => ({ markup })

function print(value: Value): string {
  if (value === null || value === undefined || value === false) return ''
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value))
  if (isList(value)) return value.map(print).join('')
  return value.markup
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as HTML shows it, in an element or a quoted attribute. */
function escapeHtml(text: string): string {
  return withoutControlCharacters(text).replace(/[&<>"']/g, (character) => entities[character]!)
}
