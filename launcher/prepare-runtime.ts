import type { Log } from '../agents/kit/log.ts'
import { provisionRuntime } from '../provision/mod.ts'
import { ownRuntime } from '../schemas/runtime-identity.ts'
import type { Recipe, ThinkingSettings } from '../schemas/task.ts'
import type { Topology } from '../schemas/topology.ts'
import { noDevices } from '../trainer-bridge/devices/claim.ts'
import { ensureEmbedder } from '../trainer-bridge/embedder/open.ts'
import { chatOf, templateOf } from '../trainer-bridge/job.ts'
import { BridgeOptions } from '../trainer-bridge/options.ts'
import { startRuntime } from '../trainer-bridge/runtime.ts'
import { checkRecipe } from '../trainer-bridge/runtimes/check-recipe.ts'
import { chosenRuntimes, trainers } from '../trainer-bridge/runtimes/table.ts'
import { checkStudent, ensureStudent, knownCheck } from '../trainer-bridge/student.ts'

/** What a task says of its student: how it is spoken with where the topology says nothing, and how it is trained. Left out: nothing. */
export type TaskSettings = { inference?: ThinkingSettings | undefined; recipe?: Recipe | undefined }

type Student = { name: string; path: string }

/**
 * Fetches the runtimes and the student, and tries the student once, where a person sees it, not in an agent's log.
 * Gives the student.
 * @throws SetupError, for a student that cannot be trained or asked, and for a recipe that the runtime cannot train with too
 */
export async function prepareRuntime(
  topology: Topology,
  { inference: ofTask = {}, recipe }: TaskSettings,
  log: Log,
  request: { home: string; onProgress: (line: string) => void; signal?: AbortSignal },
): Promise<Student> {
  const settings = BridgeOptions.parse(topology.agents['trainer-bridge'].options)
  const { student: choice, embedder, inference } = settings
  if (recipe) await checkRecipe(settings, recipe)
  const { python } = await provisionRuntime(request)
  for (const { provision } of chosenRuntimes(settings)) await provision?.({ ...request, settings })
  if (recipe) await trainers[settings.train].checkRecipe?.(recipe, request.home)
  const setup = { signal: new AbortController().signal, ...request, python }
  const student = await ensureStudent(choice, setup)
  const checked = { student, chat: templateOf(chatOf(ofTask, inference)), home: setup.home }
  if (!(await knownCheck(checked))) {
    setup.onProgress(`student: trying ${student.name} once`)
    await using runtime = startRuntime({ python, log })
    await checkStudent(checked, runtime, setup.signal)
  }
  const trainer = trainers[settings.train]
  if (trainer.name !== ownRuntime && !(await knownCheck({ ...checked, by: trainer.name }))) {
    setup.onProgress(`student: trying ${student.name} with ${trainer.name}`)
    await using own = startRuntime({ python, log })
    await using started = await trainer.start({ ...setup, settings, student, own, devices: noDevices, log })
    await checkStudent({ ...checked, by: trainer.name }, started, setup.signal)
  }
  await ensureEmbedder(embedder, setup)
  return student
}
