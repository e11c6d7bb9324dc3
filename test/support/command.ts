import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const entry = fileURLToPath(new URL('../../cli/bin.mjs', import.meta.url))

/** A command as it is given: its words, and what its environment has beside that of this process. */
export type Written = { args: readonly string[]; env: Record<string, string> }

export type Command = { child: ChildProcess; output(): string; ended: Promise<number | null> }

/** Runs `syllabus` as a user does, in a process of its own; `bin`: of other code than this; `within`: what the command is prefixed with. */
export function syllabus(
  args: readonly string[],
  env: Record<string, string>,
  bin = entry,
  within: readonly string[] = [],
): Command {
  const [command = '', ...words] = [...within, process.execPath, bin, ...args]
  const child = spawn(command, words, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  return { child, output: () => text, ended }
}

/** Commands that are ended, if they have not ended, once the test file is done with them. */
export function openCommands(): AsyncDisposable & { started(command: Command): Command } {
  const commands: Command[] = []
  return {
    started(command) {
      commands.push(command)
      return command
    },
    async [Symbol.asyncDispose]() {
      for (const { child } of commands) child.kill('SIGTERM')
      await Promise.all(commands.map(({ ended }) => ended))
    },
  }
}
