import type { Bus } from '../bus/mod.ts'
import { homeFolder } from '../machine/folders.ts'
import type { Topology } from '../schemas/topology.ts'
import type { TryPanel } from '../trace/try-panel.ts'
import type { ModelServer } from '../trainer-bridge/model-server.ts'
import { latestModel, prepareModels, serveModels } from './serve-models.ts'
import { askSideBySide } from './side-by-side.ts'
import { modelsOfRun } from './trained-models.ts'

/** Models that nobody asked for so long leave the memory. */
const idleMs = 5 * 60_000

/**
 * Answers the live page's questions with the base and the latest trained model of a run. They are loaded with the first question, beside
 * whatever trains; another run, or a newer model, takes their place.
 */
export function createTryPanel(
  bus: Bus,
  { localTeacher }: Pick<Topology, 'localTeacher'>,
  onProgress: (line: string) => void,
): TryPanel & AsyncDisposable {
  const closing = new AbortController()
  let served: { key: string; server: ModelServer } | null = null
  let idle: ReturnType<typeof setTimeout> | undefined

  async function unload(): Promise<void> {
    const last = served
    served = null
    await last?.server[Symbol.asyncDispose]()
  }

  return {
    async ask(runId, question, signal) {
      clearTimeout(idle)
      try {
        const run = await modelsOfRun(bus, runId)
        const model = latestModel(run)
        const key = `${runId} ${run.models.get(model)?.jobHash}`
        if (served?.key !== key) {
          await unload()
          const setup = { home: homeFolder(), onProgress, signal: closing.signal }
          const ready = await prepareModels(bus, run, [model], setup)
          served = { key, server: await serveModels(ready, localTeacher, { signal: closing.signal }) }
        }
        return await askSideBySide(served.server, run, question, signal)
      } finally {
        idle = setTimeout(() => void unload(), idleMs)
        idle.unref()
      }
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      clearTimeout(idle)
      await unload()
    },
  }
}
