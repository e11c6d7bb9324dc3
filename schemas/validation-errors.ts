import type { z } from 'zod'
import { plural } from './number-text.ts'

type Issue = z.core.$ZodIssue

/** What is wrong at a place of a document and what to write instead, so that a model or a person can act on it. */
export type DocumentFault = { path: readonly PropertyKey[]; words: string }

/** A document as its schema has it, or each fault in it. A union, and what may be null, says itself what it takes: its schema's `error`. */
export function parseWithFaults<T>(schema: z.ZodType<T>, value: unknown): { value: T } | { faults: DocumentFault[] } {
  const { data, error } = schema.safeParse(value, { reportInput: true })
  return error ? { faults: error.issues.flatMap((issue) => faultsOf(issue)) } : { value: data as T }
}

/** Each fault in a line of its own. `whole` names the document, where all of it is wrong. */
export const inLines = (faults: readonly DocumentFault[], whole: string): string[] =>
  faults.map(({ path, words }) => `${path.length === 0 ? whole : placeOf(path)}: ${words}`)

function faultsOf(issue: Issue, base: readonly PropertyKey[] = []): DocumentFault[] {
  const path = [...base, ...issue.path]
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = nearestOf(issue.errors)
    const within = depth(nearest) === 0 ? [] : nearest.flatMap((each) => faultsOf(each, path))
    // One fault inside an alternative is meant as that alternative; more may be meant as another.
    if (within.length === 1) return within
    return [{ path, words: `${issue.message}${within.length > 0 ? '' : received(issue.input)}` }, ...within]
  }
  return [{ path, words: wordsOf(issue) }]
}

/** Of the alternatives, the one that came closest. */
const nearestOf = (errors: readonly Issue[][]) =>
  [...errors].sort((one, other) => depth(other) - depth(one) || one.length - other.length)[0]!

const depth = (issues: readonly Issue[]) => Math.max(0, ...issues.map(({ path }) => path.length))

/** Settings that had another name in earlier versions. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['guard', 'ladder'],
  ['guardFrom', 'ladderFrom'],
  ['paidDrainMs', 'meteredDrainMs'],
  ['dialectMs', 'capabilitiesMs'],
])

function wordsOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type': {
      const isOwn = !issue.message.startsWith('Invalid input')
      const wanted = isOwn ? issue.message : `write ${nameOf[issue.expected] ?? issue.expected}`
      return issue.input === undefined ? `it is missing; ${wanted}` : `${wanted}${received(issue.input)}`
    }
    case 'invalid_value': {
      const values = issue.values.map((value) => JSON.stringify(value))
      return issue.input === undefined
        ? `it is missing; write ${either(values)}`
        : `write ${either(values)}${received(issue.input)}`
    }
    case 'invalid_union': {
      const { discriminator, options = [] } = issue as { discriminator?: string; options?: readonly unknown[] }
      const kind = (issue.input as Record<string, unknown> | undefined)?.[discriminator ?? '']
      const missing = kind === undefined ? 'it is missing; ' : ''
      return `${missing}write ${either(options.map((option) => JSON.stringify(option)))}${received(kind)}`
    }
    case 'too_small':
      return `write ${issue.inclusive ? 'at least' : 'more than'} ${amount(issue.minimum, issue.origin)}${size(issue.input)}`
    case 'too_big':
      return `write ${issue.inclusive ? 'at most' : 'less than'} ${amount(issue.maximum, issue.origin)}${size(issue.input)}`
    case 'unrecognized_keys': {
      const names = issue.keys.map((key) => `"${key}"`).join(', ')
      const now = issue.keys.flatMap((key) => (renamed.has(key) ? `"${key}" is "${renamed.get(key)}" now` : []))
      return `there is no ${names}; ${now.length > 0 ? now.join(', ') : 'take it out, or correct its name'}`
    }
    case 'invalid_key':
      return `the name "${String(issue.path.at(-1))}" may hold letters, digits, _ and - alone`
    case 'custom':
      return issue.message
    default:
      return `${issue.message}${received(issue.input)}`
  }
}

const nameOf: Readonly<Record<string, string>> = {
  object: 'an object',
  record: 'an object',
  array: 'a list',
  tuple: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}

const unitOf: Readonly<Record<string, string>> = { array: 'item', string: 'character' }

function amount(count: number | bigint, origin: string): string {
  const unit = unitOf[origin]
  return unit ? `${count} ${plural(Number(count), unit)}` : String(count)
}

const either = (values: readonly string[]) =>
  values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`

const size = (input: unknown) => (Array.isArray(input) ? `, not ${input.length}` : received(input))

const shownChars = 60

/** What stood there, where that helps: an object or a long text is not repeated. */
function received(input: unknown): string {
  if (input === undefined) return ''
  if (Array.isArray(input)) return ', not a list'
  if (typeof input === 'object' && input !== null) return ', not an object'
  const text = typeof input === 'number' ? String(input) : JSON.stringify(input)
  return text.length > shownChars ? `, not a ${typeof input} of ${String(input).length} characters` : `, not ${text}`
}

/** A place as it is written in JavaScript: sources[0].skill. */
export const placeOf = (path: readonly PropertyKey[]): string =>
  path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`))
    .join('')
