import { closeSync, mkdirSync, openSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { Option } from 'commander'
import { createLog } from '../agents/kit/log.ts'
import type { Topology } from '../schemas/topology.ts'
import { serveTeacher } from '../trainer-bridge/local-teacher.ts'
import { BridgeOptions } from '../trainer-bridge/options.ts'
import { provisionRuntime, provisionStudent, SetupError } from '../trainer-bridge/provision/mod.ts'
import { ensureStudent } from '../trainer-bridge/student.ts'
import { UsageError } from './errors.ts'
import { homeFolder } from './home.ts'
import { findSession } from './live-session.ts'
import type { Reporter } from './progress.ts'

/** `--teacher`: a language model of this machine, in place of the one behind OPENAI_BASE_URL. */
export const teacherOption = () =>
  new Option(
    '--teacher <where>',
    'local: the student itself is the language model, served here without a key; local:<folder>: another model',
  ).conflicts('model')

export type ServedModel = AsyncDisposable & { model: string }

/**
 * Serves the model that `--teacher` names for as long as the command runs, and points OPENAI_BASE_URL of this process and its
 * agents to it. Null when none is named. Errors: UsageError, SetupError.
 */
export async function openLocalTeacher(
  where: string | undefined,
  topology: Topology,
  reporter: Reporter,
): Promise<ServedModel | null> {
  if (where === undefined) return null
  const folder = /^local(?::(.+))?$/.exec(where)
  if (!folder) throw new UsageError(`There is no teacher "${where}".`, 'Use --teacher local, or --teacher local:<folder>.')
  const running = await findSession()
  if (running) {
    throw new UsageError(
      `Process ${running.pid} runs the agents here, and they have their teacher.`,
      'Leave --teacher out, or stop that process first.',
    )
  }
  await using stack = new AsyncDisposableStack()
  const home = homeFolder()
  const onProgress = (line: string) => reporter.line(`set-up: ${line}`)
  const choice = folder[1] ? resolve(folder[1]) : BridgeOptions.parse(topology.agents['trainer-bridge'].options).student
  const { python } = await provisionRuntime({ home, onProgress })
  const student = await locate(choice, { home, python, onProgress })
  mkdirSync(join(home, 'logs'), { recursive: true })
  const file = openSync(join(home, 'logs', 'local-teacher.log'), 'a')
  stack.defer(() => closeSync(file))
  const log = createLog({ role: 'local-teacher' }, { destination: file })
  reporter.line(`set-up: serving ${student.name} as the language model`)
  const { baseUrl, model } = stack.use(await serveTeacher({ python, student, log }, topology.localTeacher))
  process.env.OPENAI_BASE_URL = baseUrl
  delete process.env.OPENAI_API_KEY
  const owned = stack.move()
  return { model, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

type Setup = { home: string; python: string; onProgress: (line: string) => void }

async function locate(choice: string, setup: Setup): Promise<{ name: string; path: string }> {
  if (choice === 'embedded') {
    const { path } = await provisionStudent(setup)
    return { name: basename(path), path }
  }
  await ensureStudent(choice, { ...setup, signal: new AbortController().signal }).catch((error: unknown) => {
    if (error instanceof SetupError) throw new UsageError(error.message, 'Name a folder with a transformers model: --teacher local:<folder>.')
    throw error
  })
  return { name: basename(choice), path: choice }
}
