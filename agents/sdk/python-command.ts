import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package that Python agents import; it comes with this one. */
const sdk = fileURLToPath(new URL('../../sdk/python', import.meta.url))

/** The Python of a plug-in: that of a virtual environment beside it or above, of the one in use, else the machine's. */
function pythonFor(entry: string): string {
  const { VIRTUAL_ENV } = process.env
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    const own = join(folder, '.venv', 'bin', 'python')
    if (existsSync(own)) return own
  }
  return VIRTUAL_ENV ? join(VIRTUAL_ENV, 'bin', 'python') : 'python3'
}

export type PythonCommand = { command: string; args: string[]; env: Readonly<Record<string, string>> }

/** The command that runs a Python plug-in, as docs/agent-protocol.md describes it, and what is added to its environment. */
export function pythonCommandOf(how: 'describe' | 'work' | 'answer', entry: string): PythonCommand {
  const { PYTHONPATH = '' } = process.env
  const paths = [PYTHONPATH, sdk].filter(Boolean).join(delimiter)
  const env = { PYTHONPATH: paths, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' }
  return { command: pythonFor(entry), args: ['-m', 'syllabus_agent', how, entry], env }
}
