import { InvalidArgumentError } from 'commander'
import { StudentModelName } from '../../schemas/arm.ts'
import { RunId, Sha256 } from '../../schemas/ids.ts'
import { Role } from '../../schemas/role.ts'

/** A parser of whole numbers in digits alone: `1e3`, `0x10`, `+5` and nothing at all are none. */
export const integer =
  (from: number, to = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= from && value <= to) return value
    const most = to < Number.MAX_SAFE_INTEGER ? ` and at most ${to}` : ''
    throw new InvalidArgumentError(`write a whole number of at least ${from}${most}, in digits.`)
  }

/** A parser of numbers such as 2 and 2.5. */
export const decimal =
  (from: number, to: number) =>
  (text: string): number => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (value >= from && value <= to) return value
    throw new InvalidArgumentError(`write a number of at least ${from} and at most ${to}, such as 2.5.`)
  }

/** A whole number of at least 0. */
export const wholeNumber = integer(0)

/** A whole number of at least 1. */
export const positive = integer(1)

/** Text that is not blank: an empty variable of a shell is a slip. */
export function someText(text: string): string {
  if (text.trim() !== '') return text
  throw new InvalidArgumentError('write a text that is not empty.')
}

/** What nobody means to exceed: more is a slip of the hand, and would only fail late. */
export const rowCount = integer(1, 10_000_000)
export const attemptCount = integer(1, 1000)
export const runCount = integer(1, 1000)
export const seedCount = integer(1, 100)

/** An option that may be given more than once. */
export const collected = (text: string, before: readonly string[] = []): string[] => [...before, text]

const unitBytes = { MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 } as const

/** A number of bytes: 0, or with its unit. */
export const byteCount = (text: string): number => {
  const [, digits, unit] = /^(\d{1,6})(MB|GB|TB)$/.exec(text) ?? []
  if (text === '0' || digits) return Number(digits ?? 0) * unitBytes[(unit as keyof typeof unitBytes) ?? 'MB']
  throw new InvalidArgumentError('write a size such as 500MB, 64GB or 2TB.')
}

/** A duration as nats-server reads it. */
export const natsDuration = (text: string): string => {
  if (text === 'always' || /^[1-9]\d{0,4}(ms|s|m|h)$/.test(text)) return text
  throw new InvalidArgumentError('write a duration such as 500ms, 10s or 2m, or: always.')
}

/** How many servers hold everything. */
export const copies = (text: string): 1 | 3 | 5 => {
  if (text === '1' || text === '3' || text === '5') return Number(text) as 1 | 3 | 5
  throw new InvalidArgumentError('write 1, 3 or 5.')
}

/** Roles with commas between them, each once. */
export const roleList = (text: string): Role[] => {
  const all = [...new Set(nameList(text))]
  const unknown = all.find((each) => !Role.safeParse(each).success)
  if (unknown === undefined) return all as Role[]
  throw new InvalidArgumentError(`"${unknown}" is no role; roles are ${Role.options.join(', ')}.`)
}

/** Names with commas between them. */
export const nameList = (text: string): string[] => text.split(',').map((name) => name.trim())

/** What is said of a run's argument, of commands that read one. */
export const anyRun = 'run id; may be left out where there is one alone'

/** The id of a run of this home. An archive of one is read by `verify` alone. */
export const runId = (text: string): string => {
  const parsed = RunId.safeParse(text)
  if (parsed.success) return parsed.data
  const isPath = /[/\\.]/.test(text)
  throw new InvalidArgumentError(
    isPath
      ? 'it looks like a path, and this command reads runs of this home by their id (npx syllabus status). To read an archive: npx syllabus verify <archive>'
      : parsed.error.issues[0]!.message,
  )
}

/** The name of a student model of a run. */
export const studentModel = (text: string): string => {
  if (StudentModelName.safeParse(text).success) return text
  throw new InvalidArgumentError(
    'a model is called final, control or attempt-2, or as the report calls it: final-s2, one-shot …',
  )
}

/** A repository of a hub: letters, digits, dots, dashes and underscores on both sides of one slash. */
export const repository = (text: string): string => {
  const part = /^(?!.*(--|\.\.))[A-Za-z0-9]([\w.-]{0,94}[A-Za-z0-9])?$/
  const [owner, name, ...more] = text.split('/')
  if (name !== undefined && more.length === 0 && [owner!, name].every((each) => part.test(each))) return text
  throw new InvalidArgumentError('write <you or an organisation>/<name>, such as me/my-model.')
}

/** Names of student models with commas between them, each once. */
export const studentModels = (text: string): string[] => [...new Set(nameList(text).map(studentModel))]

/** The size of a file, as transformers reads it. */
export const shardSize = (text: string): string => {
  if (/^[1-9]\d*(KB|MB|GB)$/.test(text)) return text
  throw new InvalidArgumentError('write a size such as 500MB or 5GB.')
}

/** The hash that a bundle was published with. */
export function bundleHash(text: string): string {
  if (Sha256.safeParse(text).success) return text
  throw new InvalidArgumentError('Give the SHA-256 that "bundle" printed: 64 hexadecimal digits.')
}
