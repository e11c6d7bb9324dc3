import { existsSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { createLog } from '../agents/kit/log.ts'
import { homeFolder } from '../machine/folders.ts'
import { provisionRuntime, studentPath } from '../provision/mod.ts'
import type { Topology } from '../schemas/topology.ts'
import { UsageError } from '../schemas/user-error.ts'
import { serveStudent } from '../trainer-bridge/model-server.ts'
import { BridgeOptions } from '../trainer-bridge/options.ts'
import { ensureStudent } from '../trainer-bridge/student.ts'
import type { Reporter } from './console/reporter.ts'
import { findSession } from './live-session.ts'
import { openLogFile } from './log-file.ts'
import { servingLocally } from './topology/queues.ts'
import { withFreeModel } from './topology/with-model.ts'

/** A model to serve: `choice` as a trainer-bridge's `student`. */
export type LocalModel = { name: string; choice: string }

/**
 * What `--teacher` names; null without one.
 * @throws UsageError for anything but `local` and `local:<folder>` with a model in it
 */
export function localModelOf(where: string | undefined, { agents }: Topology): LocalModel | null {
  if (where === undefined) return null
  const local = /^local(?::(.+))?$/.exec(where)
  if (!local)
    throw new UsageError(`There is no teacher "${where}".`, 'Use --teacher local, or --teacher local:<folder>.')
  const { student } = BridgeOptions.parse(agents['trainer-bridge'].options)
  const choice = local[1] ? resolve(local[1]) : student
  if (local[1] && !existsSync(join(choice, 'config.json'))) {
    throw new UsageError(
      `${choice} is no folder with a transformers model: it has no config.json.`,
      'Name one that holds config.json and the weights: --teacher local:<folder>, or --teacher local for the student.',
    )
  }
  return { choice, name: basename(choice === 'embedded' ? studentPath(homeFolder()) : choice) }
}

/**
 * The teacher that `generate` is given, the calls under way that it answers together, and the topology in which it has its price.
 * @throws UsageError when none is named; those of `localModelOf`
 */
export function generateTeacher(
  read: Topology,
  { teacher, model, concurrency }: { teacher?: string; model?: string; concurrency?: number },
) {
  const local = localModelOf(teacher, read)
  const name = local?.name ?? model ?? null
  const { plugin } = read.agents.generator
  if (name === null && (!plugin || plugin.asksModel)) {
    throw new UsageError(
      'No teacher is named.',
      'Give --model <name>, set SYLLABUS_MODEL, or serve one: --teacher local.',
    )
  }
  if (!local) return { local, model: name, concurrency, topology: read }
  const topology = withFreeModel(read, local.name)
  return { local, model: local.name, concurrency: concurrency ?? read.localTeacher.batchRows, topology }
}

/**
 * Serves a model for as long as the command runs, and points OPENAI_BASE_URL of this process and its agents to it.
 * @throws UsageError when other agents run here; SetupError when there is no such model, or it cannot be loaded
 */
export async function serveLocalModel(
  { name, choice }: LocalModel,
  { localTeacher }: Topology,
  reporter: Reporter,
): Promise<AsyncDisposable> {
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
  const { python } = await provisionRuntime({ home, onProgress })
  const { path } = await ensureStudent(choice, { home, python, onProgress, signal: new AbortController().signal })
  const { descriptor } = stack.use(openLogFile('local-teacher'))
  const log = createLog({ role: 'local-teacher' }, { destination: descriptor })
  onProgress(`loading ${name} as the language model`)
  const { baseUrl } = stack.use(await serveStudent({ student: { name, path } }, { python, log }, localTeacher))
  onProgress(`${name} answers at ${baseUrl}`)
  Object.assign(process.env, servingLocally({ OPENAI_BASE_URL: baseUrl }))
  delete process.env.OPENAI_API_KEY
  return stack.move()
}
