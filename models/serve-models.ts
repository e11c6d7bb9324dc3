import { join } from 'node:path'
import { createLog } from '../agents/kit/log.ts'
import type { Bus } from '../bus/mod.ts'
import { checkFreePort } from '../launcher/check-host.ts'
import { openLogFile } from '../launcher/log-file.ts'
import { homeFolder } from '../machine/folders.ts'
import { hasGpu, provisionRuntime } from '../provision/mod.ts'
import type { ThinkingSettings } from '../schemas/task.ts'
import type { Topology } from '../schemas/topology.ts'
import { chatOf } from '../trainer-bridge/job.ts'
import { type ModelServer, type ServedStudent, serveStudent } from '../trainer-bridge/model-server.ts'
import { diagnoseVllm } from '../trainer-bridge/runtimes/vllm/environment.ts'
import { serveWithVllm } from '../trainer-bridge/runtimes/vllm/serve.ts'
import {
  baseOfRun,
  folderOfAdapter,
  isTrained,
  modelNamed,
  type RunModels,
  trainedModelNamed,
} from './trained-models.ts'

/** A run's base and trained models, ready on this machine to be served. */
export type ReadyModels = Required<ServedStudent> & {
  python: string
  /** The longest reply that the run's evaluation let them give, in tokens. */
  maxNewTokens: number
}

type Setup = { home: string; onProgress: (line: string) => void; signal: AbortSignal }

/** What serves models. */
export const servingRuntimes = ['peft', 'vllm'] as const
export type ServingRuntime = (typeof servingRuntimes)[number]

/** vLLM on a host with a GPU where it is installed; else the project's own runtime, which starts sooner. */
export const usualServing = async (home: string): Promise<ServingRuntime> =>
  (await hasGpu(process.env)) && (await diagnoseVllm(home)).status === 'ok' ? 'vllm' : 'peft'

/** The name of the base beside the models of a run. */
export const baseName = 'base'

/**
 * The model that shows best what a run has made so far: the final one, else that of the chosen attempt, else the last that was trained.
 * @throws UsageError when none was trained
 */
export function latestModel(run: RunModels): string {
  const trained = [...run.models.values()].filter(isTrained).map(({ name }) => name)
  const wanted = ['final', `attempt-${run.chosenAttempt}`]
  return wanted.find((name) => trained.includes(name)) ?? trained.at(-1) ?? modelNamed(run, 'final').name
}

/**
 * Fetches what is missing and checks every file by its logged hash; nothing is loaded yet. The bus is not needed after that.
 * @throws UsageError for a model that was not trained, or whose bytes are gone; SetupError
 */
export async function prepareModels(
  bus: Bus,
  run: RunModels,
  names: readonly string[],
  setup: Setup,
): Promise<ReadyModels> {
  const models = names.map((name) => ({ name, model: trainedModelNamed(run, name) }))
  const trainer = join(setup.home, 'trainer')
  const adapters: { name: string; folder: string }[] = []
  for (const { name, model } of models) adapters.push({ name, folder: await folderOfAdapter(bus, trainer, model) })
  const { python } = await provisionRuntime(setup)
  const { path } = await baseOfRun(run, { ...setup, python })
  const { inference } = run.task
  const chat: ThinkingSettings = models.find(({ model }) => model.chat)?.model.chat ?? chatOf(inference, {})
  return { student: { name: baseName, path }, adapters, chat, python, maxNewTokens: inference.max_new_tokens }
}

/**
 * Serves them, until disposed, as one loaded base whose adapters change between two requests.
 * @throws SetupError when they cannot be loaded; UsageError when the port is taken
 */
export async function serveModels(
  { python, maxNewTokens, ...served }: ReadyModels,
  limits: Topology['localTeacher'],
  how: { port?: number; signal?: AbortSignal; runtime?: ServingRuntime } = {},
): Promise<ModelServer> {
  if (how.port !== undefined) await checkFreePort(how.port)
  await using stack = new AsyncDisposableStack()
  const { descriptor } = stack.use(openLogFile('served-models'))
  const log = createLog({ role: 'served-models' }, { destination: descriptor })
  if (how.runtime === 'vllm') {
    const { signal = new AbortController().signal, port } = how
    const vllm = stack.use(await serveWithVllm(served, { home: homeFolder(), log, port, signal }))
    const whole = stack.move()
    return { ...vllm, [Symbol.asyncDispose]: () => whole.disposeAsync() }
  }
  const longest = Math.max(limits.maxNewTokens, maxNewTokens)
  const server = stack.use(await serveStudent(served, { python, log, ...how }, { ...limits, maxNewTokens: longest }))
  const owned = stack.move()
  return {
    baseUrl: server.baseUrl,
    models: server.models,
    get pid() {
      return server.pid
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
