import { Command, CommanderError } from 'commander'
import { registerFor } from './commands.ts'
import { mendOf } from './errors.ts'
import { exitCodes } from './exit-codes.ts'
import { makeConsolePlain } from './plain-console.ts'
import { keepFilesPrivate } from './private-files.ts'

makeConsolePlain()

// A terminal that was closed, or a reader that ended, takes no more text (EIO, EPIPE). That ends nothing: what is in hand is finished.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  process.cwd()
} catch {
  console.error('The current folder is gone. Change into one that is there, then give the command again.')
  process.exit(exitCodes.badInput)
}

const program = new Command('syllabus')
  .description('Agents that make training data for a small model, train it, and prove that it helped.')
  .showHelpAfterError()
  .exitOverride()

await registerFor(process.argv[2], program)

try {
  keepFilesPrivate()
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput
  else {
    const mend = mendOf(error)
    const message = error instanceof Error ? error.message : String(error)
    // What can be mended is said plainly; a fault of ours shows where it happened.
    console.error(mend === undefined ? error : message.includes(mend) ? message : `${message}\n${mend}`)
    process.exitCode = mend === undefined ? exitCodes.failure : exitCodes.badInput
  }
}
