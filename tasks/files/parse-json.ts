import { JsonBoundsError, parseJson } from '../../schemas/bounded-json.ts'
import { loadsPythonJson, type PyValue } from '../python-literal/mod.ts'

/** A whole number that a JavaScript number may not hold exactly, where a value may stand. */
const longInteger = /[[:,\s]-?\d{16,}(?=[\s,\]}])/

/**
 * Parses JSON as Python writes it and reads it: NaN and the infinities are values too, and a whole number that a JavaScript
 * number cannot hold becomes its text. @throws SyntaxError for anything else that is not JSON
 */
export function parsePythonJson(text: string): unknown {
  try {
    const value = parseJson(text)
    if (!longInteger.test(text)) return value
  } catch (error) {
    if (error instanceof JsonBoundsError || !/NaN|Infinity/.test(text)) throw error
  }
  const result = loadsPythonJson(text)
  if (!result.ok) throw new SyntaxError(result.message)
  return toPlain(result.value)
}

/** The number, or its text where it is not the same number any more. */
export function exactInteger(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}

export function toPlain(value: PyValue): unknown {
  switch (value.type) {
    case 'int':
      return exactInteger(value.value)
    case 'float':
    case 'bool':
    case 'str':
      return value.value
    case 'list':
      return value.items.map(toPlain)
    case 'dict':
      return Object.fromEntries(
        [...value.entries.values()].map(([key, member]) => [key.type === 'str' ? key.value : '', toPlain(member)]),
      )
    default:
      return null
  }
}
