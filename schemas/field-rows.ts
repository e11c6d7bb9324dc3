import { z } from 'zod'

/** The parts of a JSON Schema that a reader sees. */
type Schema = {
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  prefixItems?: Schema[]
  additionalProperties?: Schema | boolean
  default?: unknown
  description?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
}

/** Every field of a document as rows of a table: its path, type, default and meaning. */
export const fieldRows = (document: z.ZodType): string =>
  rowsOf(z.toJSONSchema(document, { io: 'input' }) as Schema, '').join('\n')

const alternatives = ({ anyOf, oneOf }: Schema): Schema[] => anyOf ?? oneOf ?? []

/** `kind`: of the alternative that the fields belong to. */
function rowsOf(schema: Schema, path: string, kind?: string): string[] {
  const { properties = {}, required = [], items } = schema
  const fields = Object.entries(properties).flatMap(([name, field]) => {
    const at = path ? `${path}.${name}` : name
    const given = required.includes(name) ? 'must be written' : defaultOf(field)
    return [row(at, field, given, kind), ...rowsOf(field, at, kind)]
  })
  const each = items ? rowsOf(items, `${path}[]`, kind) : []
  const kinds = alternatives(schema).flatMap((one) => rowsOf(one, path, kindOf(one) ?? kind))
  return [...fields, ...each, ...kinds]
}

/** What distinguishes an alternative from the others, where it says so. */
function kindOf({ properties }: Schema): string | undefined {
  const kind = properties?.kind?.const
  return typeof kind === 'string' ? kind : undefined
}

const defaultOf = (field: Schema): string =>
  field.default === undefined ? 'left out' : code(JSON.stringify(field.default))

const row = (path: string, field: Schema, given: string, kind: string | undefined): string =>
  `| ${[`${code(path)}${kind ? ` (${kind})` : ''}`, cell(typeOf(field)), cell(given), cell(field.description ?? '')].join(' | ')} |`

const code = (text: string) => `\`${text}\``
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function typeOf(field: Schema): string {
  const ways = alternatives(field)
  if (ways.length > 0) return [...new Set(ways.map(typeOf))].join(' or ')
  if (field.const !== undefined) return code(JSON.stringify(field.const))
  if (field.enum) return field.enum.map((value) => code(JSON.stringify(value))).join(' or ')
  switch (field.type) {
    case 'array':
      return field.prefixItems
        ? `list of ${field.prefixItems.length} ${typeOf(field.prefixItems[0]!)}`
        : `list${span(field.minItems, field.maxItems)} of ${typeOf(field.items ?? {})}`
    case 'object':
      return typeof field.additionalProperties === 'object'
        ? `object of ${typeOf(field.additionalProperties)}`
        : 'object'
    case 'string':
      return `text${span(field.minLength && field.minLength > 1 ? field.minLength : undefined, field.maxLength)}`
    case 'integer':
    case 'number': {
      const least =
        field.minimum ?? (field.exclusiveMinimum === undefined ? undefined : `above ${field.exclusiveMinimum}`)
      const most = field.maximum === Number.MAX_SAFE_INTEGER ? undefined : field.maximum
      return `${field.type}${span(least, most)}`
    }
    default:
      return [field.type ?? 'any'].flat().join(' or ')
  }
}

function span(least: number | string | undefined, most: number | undefined): string {
  if (least === undefined && most === undefined) return ''
  if (most === undefined) return typeof least === 'string' ? ` (${least})` : ` (at least ${least})`
  return least === undefined ? ` (at most ${most})` : ` (${least} to ${most})`
}
