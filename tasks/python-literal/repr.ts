import type { PyValue } from './value.ts'

/** A literal that Python reads back as the value; a set is written as a call where it is empty. */
export function pythonRepr(value: PyValue): string {
  switch (value.type) {
    case 'int':
      return String(value.value)
    case 'float':
      if (Number.isNaN(value.value)) return "float('nan')"
      if (!Number.isFinite(value.value)) return value.value > 0 ? '1e999' : '-1e999'
      return Number.isInteger(value.value) && Math.abs(value.value) < 1e16 ? `${value.value}.0` : String(value.value)
    case 'bool':
      return value.value ? 'True' : 'False'
    case 'none':
      return 'None'
    case 'ellipsis':
      return '...'
    case 'str':
      return quoted(value.value)
    case 'bytes':
      return `b${quoted(value.value)}`
    case 'list':
      return `[${value.items.map(pythonRepr).join(', ')}]`
    case 'tuple':
      return `(${value.items.map(pythonRepr).join(', ')}${value.items.length === 1 ? ',' : ''})`
    case 'set':
      return value.items.size === 0 ? 'set()' : `{${[...value.items.values()].map(pythonRepr).join(', ')}}`
    case 'dict':
      return `{${[...value.entries.values()].map(([key, member]) => `${pythonRepr(key)}: ${pythonRepr(member)}`).join(', ')}}`
    case 'object':
      return `${value.name}(${value.args.map(pythonRepr).join(', ')})`
    default:
      throw value satisfies never
  }
}

function quoted(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  // JSON escapes what Python does, and Python reads its escapes; control characters that JSON leaves would end the line.
  return `'${escaped.replace(/[\u0080-\u009f\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`
}
