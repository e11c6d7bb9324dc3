import { mkdir, statfs } from 'node:fs/promises'
import { SetupError } from './errors.ts'
import { hasUv } from './installer.ts'
import { isBegun } from './lock.ts'
import { natsServerPath, natsServerVersion } from './nats-server.ts'
import { findPython } from './python.ts'
import { versionOf } from './run-command.ts'
import { brokenStudentFile, readyStudent, studentName, studentPath } from './student.ts'
import { readyPython, venvPath } from './venv.ts'

/** One thing `syllabus doctor` looked at. `missing` is fetched on first use; `broken` needs a hand. */
export interface SetupFinding {
  name: string
  status: 'ok' | 'missing' | 'broken'
  detail: string
  /** The command or step that fixes it. */
  fix?: string
}

export interface DiagnoseRequest {
  /** SYLLABUS_HOME. */
  home: string
  env?: NodeJS.ProcessEnv
}

const firstUse = 'fetched by the next `npm start`'
const oldestNode = 24

/** What the installation has and lacks. Looks only at this machine: the network is not probed, nothing is changed. */
export async function diagnoseSetup({ home, env = process.env }: DiagnoseRequest): Promise<SetupFinding[]> {
  return Promise.all([node(), python(env), uv(env), natsServer(home, env), runtime(home), student(home), disk(home)])
}

async function node(): Promise<SetupFinding> {
  const detail = `${process.version} at ${process.execPath}`
  const ok = Number(process.versions.node.split('.')[0]) >= oldestNode
  return ok
    ? { name: 'node', status: 'ok', detail }
    : { name: 'node', status: 'broken', detail, fix: 'npm ci (it brings Node 24 along; start with npm or npx)' }
}

async function python(env: NodeJS.ProcessEnv): Promise<SetupFinding> {
  try {
    const found = await findPython(env)
    return { name: 'python', status: 'ok', detail: `${found.version} (${found.command})` }
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    return { name: 'python', status: 'broken', detail: error.message, fix: error.fix }
  }
}

async function uv(env: NodeJS.ProcessEnv): Promise<SetupFinding> {
  if (await hasUv(env)) return { name: 'uv', status: 'ok', detail: 'on PATH; used to install' }
  const detail = env.SYLLABUS_NO_UV
    ? 'hidden by SYLLABUS_NO_UV; the bundled pip is used'
    : 'not on PATH; fetched (18 MB) to set up the fine-tuning runtime, and removed after it'
  return { name: 'uv', status: 'ok', detail }
}

async function natsServer(home: string, env: NodeJS.ProcessEnv): Promise<SetupFinding> {
  const name = 'nats-server'
  if (env.NATS_URL) return { name, status: 'ok', detail: 'NATS_URL is set; no server is started here' }
  const onPath = await versionOf('nats-server', { env })
  if (onPath) return { name, status: 'ok', detail: `${onPath} (on PATH)` }
  const path = natsServerPath(home)
  const own = await versionOf(path, { env })
  if (own?.includes(natsServerVersion)) return { name, status: 'ok', detail: `${own} (${path})` }
  if (!(await isBegun(path))) return { name, status: 'missing', detail: `not at ${path}`, fix: firstUse }
  return { name, status: 'broken', detail: `${path} does not run`, fix: `rm ${path}, then npm start` }
}

async function runtime(home: string): Promise<SetupFinding> {
  const name = 'fine-tuning runtime'
  const venv = await venvPath(home)
  if (await readyPython(venv)) return { name, status: 'ok', detail: venv }
  if (!(await isBegun(venv))) return { name, status: 'missing', detail: `no venv at ${venv}`, fix: firstUse }
  const detail = `${venv} is unfinished or its Python is gone`
  return { name, status: 'broken', detail, fix: 'npm start (takes it up again)' }
}

async function student(home: string): Promise<SetupFinding> {
  const name = 'student'
  const path = studentPath(home)
  if (await readyStudent(home)) {
    const broken = await brokenStudentFile(home)
    if (!broken) return { name, status: 'ok', detail: `${studentName} at ${path}, hashes checked` }
    const detail = `${broken} is not the file that was made`
    return { name, status: 'broken', detail, fix: `rm -r ${path}, then npm start` }
  }
  if (!(await isBegun(path))) return { name, status: 'missing', detail: `no ${studentName} at ${path}`, fix: firstUse }
  return { name, status: 'broken', detail: `${path} is incomplete`, fix: 'npm start (makes it again)' }
}

async function disk(home: string): Promise<SetupFinding> {
  await mkdir(home, { recursive: true })
  const { bavail, bsize } = await statfs(home)
  const freeGb = (bavail * bsize) / 1e9
  const detail = `${freeGb.toFixed(1)} GB free at ${home}`
  const neededGb = (await readyPython(await venvPath(home))) ? 1 : 8
  if (freeGb >= neededGb) return { name: 'disk', status: 'ok', detail }
  const fix = 'free some space, or set SYLLABUS_HOME to a folder on a larger disk'
  return { name: 'disk', status: 'broken', detail: `${detail}; ${neededGb} GB needed`, fix }
}
