import { readFileSync, writeSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { exitCodes } from '../launcher/console/exit-codes.ts'
import { isShown, renderError } from '../launcher/console/render-error.ts'
import { isStopping } from '../launcher/console/stop-signal.ts'
import { makeConsolePlain } from '../launcher/console/terminal.ts'
import { takeServers } from '../launcher/joined-cluster.ts'
import { keepFilesPrivate } from '../launcher/private-files.ts'
import { printableJson } from '../schemas/printable.ts'
import { registerFor } from './commands.ts'
import { type ErrorParts, errorLines, namedIn, usageParts } from './options/usage-lines.ts'

makeConsolePlain()

// A terminal that was closed, or a reader that ended, takes no more text (EIO, EPIPE). That ends nothing: what is in hand is finished.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  process.cwd()
} catch {
  console.error('The current folder is gone. Change into one that is there, then give the command again.')
  process.exit(exitCodes.badInput)
}

let isOver = false

/** An await that nothing is left to end lets Node end the process in its middle, without a word: exit code 13. */
process.on('exit', () => {
  if (isOver) return
  process.exitCode = exitCodes.failure
  try {
    writeSync(
      2,
      'The command ended in its middle: nothing was left that could go on with it. This is a fault of Syllabus.\n',
    )
  } catch {
    // Nobody reads it any more.
  }
})

/** Shows an error: to a program that asked for it as one line of JSON, which says what its lines say. */
function show(parts: ErrorParts | null, text: string, exitCode: number): void {
  if (process.env.SYLLABUS_ERRORS === 'json')
    console.error(printableJson({ type: 'error', exitCode, ...(parts ?? { what: text, fix: '' }) }))
  else console.error(parts ? errorLines(parts, namedIn(program, words)) : text)
}

function fail(error: unknown): void {
  // What was interrupted failed because of that.
  if (isStopping()) {
    process.exitCode = exitCodes.interrupted
    return
  }
  const { text, parts, exitCode } = renderError(error)
  if (!isShown(error) || process.env.SYLLABUS_ERRORS === 'json') show(parts ?? null, text, exitCode)
  process.exitCode = exitCode
}

/** Long enough for what is closed at the end to close; what was given wrongly has opened nothing that closes. */
const lingerMs = () => (process.exitCode === exitCodes.badInput ? 100 : 2000)

/** Ends a process that something keeps alive which nobody needs any more, as a connection that never came to be; once all is written. */
function endSoon(): void {
  const end = () => (process.stdout.writable && process.stdout.writableLength > 0 ? endSoon() : process.exit())
  setTimeout(end, lingerMs()).unref()
}

/** What happens outside of any command's doing. */
function onUncaught(error: unknown): void {
  isOver = true
  fail(error)
  process.exit()
}
process.on('uncaughtException', onUncaught)
process.on('unhandledRejection', onUncaught)

const version = (): string => JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version

const words = process.argv.slice(2)
const program = new Command('syllabus')
  .description('Agents that make training data for a small model, train it, and prove that it helped.')
  .version(version(), '--version', 'print the version')
  // Shown in three lines, below.
  .configureOutput({ outputError: () => {} })
  .exitOverride()

try {
  keepFilesPrivate()
  takeServers()
  await registerFor(words[0], program)
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    const exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput
    process.exitCode = exitCode
    const parts = usageParts(namedIn(program, words), error)
    if (parts) show(parts, parts.what, exitCode)
  } else fail(error)
}
isOver = true
endSoon()
