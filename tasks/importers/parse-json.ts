import { loadsPythonJson, type PyValue } from '../python-literal/mod.ts'

/**
 * Parses JSON as Python writes it: NaN and the infinities are read too. Throws a SyntaxError for anything else that is not
 * JSON.
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const result = /NaN|Infinity/.test(text) ? loadsPythonJson(text) : null
    if (result === null || !result.ok) throw error
    return toPlain(result.value)
  }
}

function toPlain(value: PyValue): unknown {
  switch (value.type) {
    case 'int':
      return Number(value.value)
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
