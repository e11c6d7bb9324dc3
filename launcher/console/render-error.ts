import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { inspect } from 'node:util'
import { explained, MachineError } from '../../machine/faults.ts'
import { homeFolder, makeFolder } from '../../machine/folders.ts'
import { printable } from '../../schemas/printable.ts'
import { shorten } from '../../schemas/text.ts'
import { UserError } from '../../schemas/user-error.ts'
import { exitCodes } from './exit-codes.ts'

/** What a person is shown of an error, and the exit code of the command. `parts`: the two lines of what a person can put right. */
export type Rendered = { text: string; parts?: { what: string; fix: string }; exitCode: number }

/** Refusals of this machine beside those of its file systems, and what a person does. */
const machineFixes: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Another program holds this port: stop it, or choose another.',
  EADDRNOTAVAIL: 'This machine does not have that address: choose another.',
  EAGAIN: 'The machine starts no more processes: end others, or raise its limit (ulimit -u).',
}

/** A refusal of this machine with what a person does; any other error as it is. A file that is not there is a fault of ours. */
function withMachineFix(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code = '', syscall, path, message } = error as NodeJS.ErrnoException
  if (syscall === undefined || code === 'ENOENT') return error
  const fix = machineFixes[code]
  if (fix !== undefined) return new MachineError(message, fix)
  const folder = path === undefined ? homeFolder() : dirname(path)
  return explained(error, `${syscall}${path === undefined ? '' : ` ${path}`} failed`, folder, otherFolders)
}

const otherFolders = 'set SYLLABUS_HOME, SYLLABUS_RUNS or TMPDIR to folders that can be written'

/** Errors that say all there is to say in their message, and are nobody's mistake in the code. */
const plain: ReadonlySet<string> = new Set(['TerminalError', 'RetryError', 'JournalGap'])

/**
 * Renders an error for a person. What comes from outside is a text and its fix, which makes a line of its own; a fault of ours is one line,
 * with the file that holds where it happened. A stack is never shown.
 */
export function renderError(thrown: unknown): Rendered {
  const error = withMachineFix(rootOf(thrown))
  const message = error instanceof Error ? error.message || error.name : String(error)
  if (error instanceof UserError) {
    const { fix, passing } = error
    const exitCode = passing ? exitCodes.failure : exitCodes.badInput
    const parts = { what: printable(message.replace(fix, '').trim()), fix: printable(fix) }
    return { text: `${parts.what}\n${parts.fix}`, parts, exitCode }
  }
  const line = printable(oneLine(message))
  if (error instanceof Error && plain.has(error.name)) return { text: line, exitCode: exitCodes.failure }
  const details = writeDetails(thrown)
  return { text: `${line}\n${details ? `Where it happened: ${details}` : ''}`.trim(), exitCode: exitCodes.failure }
}

const shown = new WeakSet<object>()

/** Shows an error before what is open is closed, which may take a while. */
export function showNow(error: Error, line: (text: string) => void): void {
  shown.add(error)
  line(renderError(error).text)
}

export function isShown(thrown: unknown): boolean {
  const error = rootOf(thrown)
  return error instanceof Error && shown.has(error)
}

/** The error that came first: one of the clearing up after it stands around it, and one of several attempts says nothing itself. */
function rootOf(error: unknown): unknown {
  if (error instanceof SuppressedError) return rootOf(error.suppressed)
  if (error instanceof AggregateError && error.message === '' && error.errors.length > 0) return rootOf(error.errors[0])
  return error
}

const shownChars = 400

const oneLine = (text: string): string => shorten(text.replaceAll(/\s+/g, ' ').trim(), shownChars, ' …')

/** Two in one millisecond have names of their own. */
let written = 0

/** Writes all of an error where its user alone can read it; gives the file, or null where none can be written. */
function writeDetails(error: unknown): string | null {
  const text = `${process.argv.slice(2).join(' ')}\n${withoutSecrets(inspect(error, { depth: 5 }))}\n`
  const name = `error-${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${process.pid}-${++written}.log`
  for (const folder of [join(homeFolder(), 'logs'), tmpdir()]) {
    try {
      makeFolder(folder)
      const path = join(folder, name)
      writeFileSync(path, withoutSecrets(text), { mode: 0o600, flag: 'wx' })
      return path
    } catch {}
  }
  return null
}

const secretName = /KEY|TOKEN|SECRET|PASS|CREDENTIAL/i

/** A text without the secrets of the environment, and without the users and passwords of addresses. */
function withoutSecrets(text: string): string {
  const secrets = Object.entries(process.env).flatMap(([name, value]) =>
    value && value.length >= 6 && secretName.test(name) ? [value] : [],
  )
  return secrets
    .reduce((left, secret) => left.replaceAll(secret, '[removed]'), text)
    .replaceAll(/\/\/[^/@\s'"]*@/g, '//[removed]@')
    .replaceAll(/("?(?:pass|password|apiKey|authorization)"?\s*[:=]\s*)(['"]).*?\2/gi, '$1$2[removed]$2')
}
