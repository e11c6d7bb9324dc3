import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  provisionRuntime,
  type RuntimeRequest,
  readyRuntime,
  SetupError,
  type SetupFinding,
  venvPath,
} from '../../provision/mod.ts'
import type { RuntimeSetup } from './runtime.ts'

/** A virtual environment of one runtime: the folder of its `requirements.txt` and packages, and what is told and checked of it. */
export type PythonEnvironment = {
  folder: string
  /** As a person reads it, with its version. */
  title: string
} & Required<Pick<RuntimeRequest, 'modules' | 'oldestMinor' | 'beside'>>

/** The folder of a runtime, for its files. */
export const runtimeFolder = (name: string): string => fileURLToPath(new URL(`./${name}/`, import.meta.url))

const requirementsOf = ({ folder }: PythonEnvironment) => join(folder, 'requirements.txt')

/** Builds it on first use; its size is told before. @throws SetupError */
export async function provisionEnvironment(
  environment: PythonEnvironment,
  { settings: _, ...setup }: RuntimeSetup,
): Promise<string> {
  const { title: name, modules, oldestMinor, beside } = environment
  const request = { ...setup, name, modules, oldestMinor, beside, requirements: requirementsOf(environment) }
  return (await provisionRuntime(request)).python
}

/** The Python of an environment that is there. @throws SetupError */
export async function pythonOf(environment: PythonEnvironment, home: string): Promise<string> {
  const python = await readyRuntime(home, requirementsOf(environment))
  if (python) return python
  throw new SetupError(
    `${environment.title} is not installed in ${home}.`,
    'A run, `syllabus up` or `syllabus node start` with this topology installs it.',
  )
}

/** What `syllabus doctor` says of it; nothing is built. */
export async function diagnoseEnvironment(environment: PythonEnvironment, home: string): Promise<SetupFinding> {
  const { title, beside } = environment
  const name = `runtime ${title}`
  const path = await venvPath(home, requirementsOf(environment))
  if (await readyRuntime(home, requirementsOf(environment))) return { name, status: 'ok', detail: path }
  return {
    name,
    status: 'missing',
    detail: `no environment at ${path} (${beside.installed} GB on disk beside torch)`,
    fix: 'installed by the next `syllabus run` or `up` with this topology',
  }
}
