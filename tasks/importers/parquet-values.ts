// What a Parquet file's values are as text or JSON, digit by digit. hyparquet makes decimals and 32-bit floats doubles, and times a `Date`
// of milliseconds, so that two values may become one. Here it gives the stored integers and bytes, which the types of the schema explain.
import { isUtf8 } from 'node:buffer'
import { type FileMetaData, parquetSchema, type SchemaElement, type SchemaTree } from 'hyparquet'
import { maxForeignDepth } from '../../schemas/bounded-json.ts'
import { exactInteger, parsePythonJson } from '../files/parse-json.ts'

/** How a stored value is written; null: as it is. */
type Reader = (stored: unknown) => unknown

/** A column, or a part of one, with what Hugging Face's `datasets` noted of it. */
type Column = { tree: SchemaTree; read: Reader | null; features: unknown; children: Column[] }

/** Parsers for hyparquet that leave to `ParquetValues` what it explains. */
export const storedParsers = {
  timestampFromNanoseconds: (nanos: bigint) => nanos,
  jsonFromBytes: (bytes: Uint8Array) => bytes && parsePythonJson(Buffer.from(bytes).toString()),
}

const maxDecimalScale = 1000

/** Reads the rows of one file. `count` is given the characters of each value. */
export class ParquetValues {
  private readonly root: Column
  private readonly count: (chars: number) => void

  /** Takes the types that it reads itself out of `metadata`, with which the rows are to be read. */
  constructor(metadata: FileMetaData, count: (chars: number) => void) {
    this.root = columnOf(parquetSchema(metadata), featuresOf(metadata))
    this.count = count
  }

  row(row: Record<string, unknown>): Record<string, unknown> {
    return this.value(row, this.root, 0) as Record<string, unknown>
  }

  private value(value: unknown, column: Column | undefined, depth: number): unknown {
    if (depth > maxForeignDepth) throw new Error(`it nests deeper than ${maxForeignDepth} levels`)
    if (value === null || value === undefined) return value
    if (Array.isArray(value)) {
      const inner = elementOf(column)
      return value.map((member) => this.value(member, inner, depth + 1))
    }
    if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
      const members = Object.entries(value).map(([name, member]) => {
        return [name, this.value(member, memberOf(column, name), depth + 1)]
      })
      return Object.fromEntries(members)
    }
    const written = plain(named(column?.read ? column.read(value) : value, column?.features))
    this.count(typeof written === 'string' ? written.length : 1)
    return written
  }
}

/** Bytes as the text they spell, else in hexadecimal; numbers that JSON cannot hold as text. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return exactInteger(value)
  if (value instanceof Date) return value.toISOString()
  if (!(value instanceof Uint8Array)) return value
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString(isUtf8(value) ? 'utf8' : 'hex')
}

function columnOf(tree: SchemaTree, features: unknown): Column {
  const isLeaf = tree.children.length === 0
  const column: Column = { tree, read: isLeaf ? readerOf(tree.element) : null, features, children: [] }
  column.children = tree.children.map((child) =>
    columnOf(
      child,
      isList(tree) || isRepeatedPart(tree) ? elementFeatures(features) : member(features, child.element.name),
    ),
  )
  return column
}

const isList = ({ element, children }: SchemaTree): boolean =>
  element.converted_type === 'LIST' && children.length === 1
/** The part of a list's three levels that only repeats. */
const isRepeatedPart = ({ element, children }: SchemaTree): boolean =>
  element.repetition_type === 'REPEATED' && children.length === 1

function elementOf(column: Column | undefined): Column | undefined {
  if (column === undefined || !isList(column.tree)) return column
  const [repeated] = column.children
  return repeated?.children.length === 1 ? repeated.children[0] : repeated
}

function memberOf(column: Column | undefined, name: string): Column | undefined {
  const own = column?.children.find(({ tree }) => tree.element.name === name)
  // A map has one column for all its values.
  return own ?? (column?.tree.element.converted_type === 'MAP' ? column.children[0]?.children[1] : undefined)
}

function readerOf(element: SchemaElement): Reader | null {
  const { type, converted_type: converted, logical_type: logical } = element
  const take = (read: Reader | null): Reader | null => {
    delete element.converted_type
    delete element.logical_type
    return read
  }
  if (type === 'INT96') return (nanos) => timestamp(nanos as bigint, 9, '')
  switch (logical?.type) {
    case 'TIMESTAMP':
      return take((stored) =>
        timestamp(BigInt(stored as bigint), digitsOf(logical.unit), logical.isAdjustedToUTC ? 'Z' : ''),
      )
    case 'TIME':
      return take((stored) => timeOfDay(BigInt(stored as bigint), digitsOf(logical.unit)))
    case 'FLOAT16':
      return (stored) => shortest(stored as number, halfRound)
  }
  switch (converted) {
    case 'DECIMAL':
      return take((stored) => decimal(stored, element.scale ?? 0))
    case 'TIMESTAMP_MILLIS':
    case 'TIMESTAMP_MICROS':
      return take((stored) => timestamp(BigInt(stored as bigint), converted === 'TIMESTAMP_MILLIS' ? 3 : 6, 'Z'))
    case 'TIME_MILLIS':
    case 'TIME_MICROS':
      return take((stored) => timeOfDay(BigInt(stored as bigint), converted === 'TIME_MILLIS' ? 3 : 6))
    case 'DATE':
      return take((stored) => day(BigInt(stored as number)))
    case 'INTERVAL':
    case 'BSON':
      return take(null)
  }
  if (logical?.type === 'DECIMAL') return take((stored) => decimal(stored, logical.scale))
  return type === 'FLOAT' ? (stored) => shortest(stored as number, Math.fround) : null
}

const digitsOf = (unit: 'MILLIS' | 'MICROS' | 'NANOS'): number => ({ MILLIS: 3, MICROS: 6, NANOS: 9 })[unit]

/** The stored integer with the point that its scale puts into it: all digits, the trailing zeros too. */
function decimal(stored: unknown, scale: number): string {
  if (scale < 0 || scale > maxDecimalScale) throw new Error(`a decimal has a scale of ${scale}`)
  const unscaled = stored instanceof Uint8Array ? signed(stored) : BigInt(stored as number | bigint)
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return `${unscaled < 0n ? '-' : ''}${whole}${scale > 0 ? `.${digits.slice(-scale)}` : ''}`
}

/** Two's complement, the highest byte first. */
function signed(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`))
}

/** The number with the fewest digits that is the same one in the file's precision. */
function shortest(value: number, round: (value: number) => number): number {
  if (!Number.isFinite(value)) return value
  for (let digits = 1; digits < 17; digits += 1) {
    const short = Number(value.toPrecision(digits))
    if (round(short) === value) return short
  }
  return value
}

/** The nearest 16-bit float: 11 bits of significand, fewer below 2^-14. */
function halfRound(value: number): number {
  const unit = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(value))), -14) - 10)
  return value === 0 ? value : Math.round(value / unit) * unit
}

const dayMs = 86_400_000n

/** ISO 8601, with `zone` behind it. `digits`: of a second that the unit has; a fraction is shown in threes as far as it has digits. */
function timestamp(stored: bigint, digits: number, zone: string): string {
  const dayUnits = (dayMs * 10n ** BigInt(digits)) / 1000n
  const rest = ((stored % dayUnits) + dayUnits) % dayUnits
  return `${day((stored - rest) / dayUnits)}T${timeOfDay(rest, digits)}${zone}`
}

function timeOfDay(stored: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits)
  const seconds = stored / unit
  const parts = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map((part) => String(part).padStart(2, '0'))
  const fraction = String(stored % unit)
    .padStart(digits, '0')
    .replace(/(?:000)+$/, '')
  return `${parts.join(':')}${fraction === '' ? '' : `.${fraction}`}`
}

/** A day by its number since 1970; one out of the calendar's range stays a number. */
function day(days: bigint): string {
  const date = new Date(Number(days * dayMs))
  return Number.isNaN(date.getTime()) ? `day ${days}` : date.toISOString().replace(/T.*/, '')
}

/** The columns' types as `datasets` wrote them: among them the names that the integers of a ClassLabel stand for. */
function featuresOf({ key_value_metadata: pairs }: FileMetaData): unknown {
  const noted = pairs?.find(({ key }) => key === 'huggingface')?.value
  if (noted === undefined) return undefined
  try {
    return member(member(parsePythonJson(noted), 'info'), 'features')
  } catch {
    return undefined
  }
}

function member(value: unknown, name: string): unknown {
  const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, name)
  return isObject ? (value as Record<string, unknown>)[name] : undefined
}

/** Of a list, as `datasets` writes it in three ways: `[feature]`, `{feature}` and, of a list of records, the features of their members. */
function elementFeatures(features: unknown): unknown {
  if (Array.isArray(features)) return features[0]
  return member(features, 'feature') ?? features
}

/** The name of a class in place of its number; -1 is no class. */
function named(value: unknown, features: unknown): unknown {
  if (member(features, '_type') !== 'ClassLabel') return value
  const index = Number(value)
  if (index === -1) return null
  const name = member(member(features, 'names'), String(index))
  return typeof name === 'string' ? name : value
}
