import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { entry, type Written } from './command.ts'

/** Gives a command a terminal, copies what it shows, and closes the terminal at the end of its own input; ends as the command does. */
const program = `
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    ready = select.select([terminal, 0], [], [])[0]
    if terminal in ready:
        try:
            os.write(1, os.read(terminal, 65536))
        except OSError:
            break
    if 0 in ready and not os.read(0, 65536):
        break
os.close(terminal)
print("\\nended with", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`

export type Terminal = {
  shows(): string
  /** Closes the window, as a person does who has had enough; gives the command's exit code, or minus the signal that ended it. */
  close(): Promise<number>
}

/** Runs `syllabus` in a terminal of its own. */
export function inTerminal({ args, env }: Written): Terminal {
  const child = spawn('python3', ['-c', program, process.execPath, entry, ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return {
    shows: () => text,
    async close() {
      child.stdin.end()
      await once(child, 'close')
      return Number(/ended with (-?\d+)/.exec(text)?.[1])
    },
  }
}
