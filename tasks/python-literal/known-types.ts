import type { KnownTypes } from './evaluate.ts'
import type { Node } from './node.ts'
import { hashKey, numberOf, type PyValue, pySet, pythonFloat } from './value.ts'

/**
 * Values as programs print them beyond literals: NumPy's scalars and arrays, sets and frozensets, the containers of `collections`, views of
 * dicts, ranges, infinities, complex numbers, dates. What is a container of Python counts as the literal that holds the same.
 */

const modules = /^(?:(?:np|numpy|collections|decimal|fractions|datetime|math|builtins|torch|pd|pandas|typing)\.)+/

const float = (value: number): PyValue => ({ type: 'float', value })
const [infinity, nan] = [float(Number.POSITIVE_INFINITY), float(Number.NaN)]
const [yes, no]: PyValue[] = [true, false].map((value) => ({ type: 'bool', value }))
const names: Readonly<Record<string, PyValue>> = {
  ...{ inf: infinity, Infinity: infinity, nan, NaN: nan },
  ...{ True_: yes!, true: yes!, False_: no!, false: no!, null: { type: 'none' } },
}

const scalar =
  /^(?:u?int(?:8|16|32|64|c|p|_)?|float(?:16|32|64|128|_)?|double|single|half|longdouble|long|short|byte|Decimal)$/
const text = /^(?:str_?|unicode_)$/
/** Types whose values have a repr that calls them. */
const dated = /^(?:date|time|datetime|timedelta|UUID|Path|PosixPath|PurePosixPath)$/
const maxRange = 10_000

type Make = (args: PyValue[]) => PyValue | undefined

/** The same maker under several names. */
const named = (names: string, make: Make): Record<string, Make> =>
  Object.fromEntries(names.split(' ').map((name) => [name, make]))

const makers: Readonly<Record<string, Make>> = {
  ...named('set frozenset', ([of]) => pySet(itemsOf(of) ?? [])),
  ...named('list deque', ([of]) => ({ type: 'list', items: itemsOf(of) ?? [] })),
  tuple: ([of]) => ({ type: 'tuple', items: itemsOf(of) ?? [] }),
  ...named('array asarray matrix ndarray tensor dict_keys dict_values dict_items', firstList),
  ...named('dict OrderedDict mappingproxy', ([of]) => dictOf(of)),
  defaultdict: ([, of]) => dictOf(of),
  Counter: ([of]) => (of === undefined || of.type === 'dict' ? dictOf(of) : counted(itemsOf(of))),
  ...named('bytes bytes_ bytearray', ([of]) => (of?.type === 'bytes' ? of : undefined)),
  ...named('bool bool_', ([of]) => truth(of)),
  Fraction: ([above, below]) => {
    const [a, b] = [above && numberOf(above), below ? numberOf(below) : 1n]
    return a === null || a === undefined || b === null ? undefined : float(Number(a) / Number(b))
  },
  complex: ([real, imaginary]) => {
    const parts = [real, imaginary].map((part) => (part === undefined ? 0n : numberOf(part)))
    return parts.some((part) => part === null)
      ? undefined
      : { type: 'object', name: 'complex', args: parts.map((part) => float(Number(part))) }
  },
  range: rangeOf,
}

/** The values of what stands in a source; names and calls are known by their text there. */
export function knownTypesOf(source: string): KnownTypes {
  const nameOf = (node: Node) => source.slice(node.start, node.end).replace(modules, '')
  return {
    name(node) {
      if (node.kind === 'other' && node.what === 'complex') {
        const imaginary = Number(source.slice(node.start, node.end - 1).replaceAll('_', ''))
        return { type: 'object', name: 'complex', args: [float(0), float(imaginary)] }
      }
      const name = nameOf(node)
      return Object.hasOwn(names, name) ? names[name] : undefined
    },
    call(callee, args) {
      const name = nameOf(callee)
      if (Object.hasOwn(makers, name)) return makers[name]!(args)
      if (scalar.test(name)) return numberFrom(args[0])
      if (text.test(name)) return args[0]?.type === 'str' ? args[0] : undefined
      return dated.test(name) ? { type: 'object', name, args } : undefined
    },
  }
}

function numberFrom(value: PyValue | undefined): PyValue | undefined {
  if (value?.type === 'int' || value?.type === 'float') return value
  const number = value?.type === 'str' ? pythonFloat(value.value) : null
  return number === null ? undefined : float(number)
}

function truth(value: PyValue | undefined): PyValue | undefined {
  if (value?.type === 'bool') return value
  return value?.type === 'int' ? { type: 'bool', value: value.value !== 0n } : undefined
}

function itemsOf(value: PyValue | undefined): PyValue[] | undefined {
  if (value?.type === 'list' || value?.type === 'tuple') return value.items
  if (value?.type === 'set') return [...value.items.values()]
  if (value?.type === 'dict') return [...value.entries.values()].map(([key]) => key)
  if (value?.type === 'str') return Array.from(value.value, (character) => ({ type: 'str', value: character }))
  return undefined
}

function firstList([first]: PyValue[]): PyValue | undefined {
  const items = itemsOf(first)
  return first?.type === 'str' || items === undefined ? undefined : { type: 'list', items }
}

function dictOf(value: PyValue | undefined): PyValue | undefined {
  if (value === undefined) return { type: 'dict', entries: new Map() }
  if (value.type === 'dict') return value
  const entries = new Map<string, [PyValue, PyValue]>()
  for (const pair of itemsOf(value) ?? [{ type: 'none' } as const]) {
    if ((pair.type !== 'tuple' && pair.type !== 'list') || pair.items.length !== 2) return undefined
    entries.set(hashKey(pair.items[0]!), [pair.items[0]!, pair.items[1]!])
  }
  return { type: 'dict', entries }
}

function counted(items: PyValue[] | undefined): PyValue | undefined {
  if (items === undefined) return undefined
  const entries = new Map<string, [PyValue, PyValue]>()
  for (const item of items) {
    const key = hashKey(item)
    const before = entries.get(key)?.[1]
    entries.set(key, [item, { type: 'int', value: (before?.type === 'int' ? before.value : 0n) + 1n }])
  }
  return { type: 'dict', entries }
}

function rangeOf(args: PyValue[]): PyValue | undefined {
  const numbers = args.map((each) => (each.type === 'int' ? Number(each.value) : Number.NaN))
  const [start, stop, step = 1] = numbers.length === 1 ? [0, numbers[0]!] : numbers
  if (start === undefined || stop === undefined || !Number.isFinite(start + stop + step) || step === 0) return undefined
  const count = Math.max(0, Math.ceil((stop - start) / step))
  if (count > maxRange) return { type: 'object', name: 'range', args: [start, stop, step].map(float) }
  return {
    type: 'list',
    items: Array.from({ length: count }, (_, at) => ({ type: 'int', value: BigInt(start + at * step) })),
  }
}
