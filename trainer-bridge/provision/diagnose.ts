import { existsSync } from 'node:fs'
import { SetupError } from './errors.ts'
import { natsServerPath } from './nats-server.ts'
import { findPython } from './python.ts'
import { readyStudent } from './student.ts'
import { readyRuntime } from './venv.ts'

/** One line of `syllabus doctor`. `mend` is the step that mends what is missing or broken. */
export type Finding = { name: string; status: 'ok' | 'missing' | 'broken'; detail: string; mend?: string | undefined }

const fetched = 'It is fetched at the first "npx syllabus run".'

function presence(name: string, path: string | undefined): Finding {
  return path === undefined
    ? { name, status: 'missing', detail: 'not fetched yet', mend: fetched }
    : { name, status: 'ok', detail: path }
}

/** What the fine-tuning runtime, the student and the embedded server need, and which of it is there. Fetches nothing. */
export async function diagnose({ home }: { home: string }): Promise<Finding[]> {
  const server = natsServerPath(home)
  return [
    { name: 'node', status: 'ok', detail: `${process.versions.node} (${process.execPath})` },
    await pythonFinding(),
    presence('nats-server', existsSync(server) ? server : undefined),
    presence('fine-tuning runtime', (await readyRuntime(home))?.python),
    presence('embedded student', (await readyStudent(home))?.path),
  ]
}

async function pythonFinding(): Promise<Finding> {
  try {
    const { command, version } = await findPython()
    return { name: 'python', status: 'ok', detail: `${version} (${command})` }
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    return { name: 'python', status: 'broken', detail: error.message, mend: error.mend }
  }
}
