import { once } from 'node:events'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { homeFolder } from '../../machine/folders.ts'
import {
  latestModel,
  prepareModels,
  type ServingRuntime,
  serveModels,
  usualServing,
} from '../../models/serve-models.ts'
import { modelsOfRun } from '../../models/trained-models.ts'
import type { Topology } from '../../schemas/topology.ts'

import { anyRunId } from '../run/pick-run.ts'
export type ServeRequest = {
  /** Left out: the only run that there is. */
  runId?: string | undefined
  /** Left out: the latest. */
  models?: readonly string[]
  /** Left out: one that is free. */
  port?: number
  /** Left out: vLLM where that is usual. */
  runtime?: ServingRuntime
  signal: AbortSignal
}

/**
 * Serves base and trained models of a run until the signal.
 * @throws UsageError when there is no such run or model; SetupError when they cannot be loaded, or the port is taken
 */
export async function serveRun(
  { runId, models, port, runtime: asked, signal }: ServeRequest,
  { localTeacher }: Pick<Topology, 'localTeacher'>,
  reporter: Reporter,
): Promise<void> {
  const onProgress = (line: string) => reporter.line(`set-up: ${line}`)
  const { task, ready } = await withBus(
    async (bus) => {
      const run = await modelsOfRun(bus, await anyRunId(bus, runId))
      const names = models ?? [latestModel(run)]
      const ready = await prepareModels(bus, run, names, { home: homeFolder(), onProgress, signal })
      return { task: run.task, ready }
    },
    { signal },
  )
  const runtime = asked ?? (await usualServing(homeFolder()))
  onProgress(`${runtime} loads ${[ready.student, ...ready.adapters].map(({ name }) => name).join(', ')}`)
  await using server = await serveModels(ready, localTeacher, { ...(port && { port }), runtime, signal })
  const { baseUrl } = server
  const { system } = task.recipe
  reporter.line(`${server.models.join(', ')} answer at ${baseUrl}, until you interrupt this command`)
  reporter.line(`The models were trained on questions that begin with: ${task.instruction}`)
  if (system) reporter.line(`and on this system turn: ${system}`)
  reporter.line('Replies are drawn at temperature 1 where a request names none; the evaluation took them at 0')
  const messages = [...(system ? [{ role: 'system', content: system }] : []), { role: 'user', content: 'Hello' }]
  const body = JSON.stringify({ model: ready.adapters[0]?.name, temperature: 0, messages })
  reporter.line(`Try it: curl -s ${baseUrl}/chat/completions -d '${body.replaceAll("'", String.raw`'\''`)}'`)
  reporter.json({ type: 'serving', baseUrl, models: server.models, system, instruction: task.instruction })
  if (!signal.aborted) await once(signal, 'abort')
}
