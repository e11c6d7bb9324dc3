import type { Log } from '../agents/kit/log.ts'
import { provisionRuntime } from '../provision/mod.ts'
import type { ThinkingSettings } from '../schemas/task.ts'
import type { Topology } from '../schemas/topology.ts'
import { ensureEmbedder } from '../trainer-bridge/embedder/open.ts'
import { chatOf, templateOf } from '../trainer-bridge/job.ts'
import { BridgeOptions } from '../trainer-bridge/options.ts'
import { startRuntime } from '../trainer-bridge/runtime.ts'
import { checkStudent, ensureStudent, knownCheck } from '../trainer-bridge/student.ts'

type Student = { name: string; path: string }

/**
 * Fetches the fine-tuning runtime and the student, and tries the student once, where a person sees it, not in an agent's log.
 * Gives the student.
 * @throws SetupError, for a student that cannot be trained or asked too
 */
export async function prepareRuntime(
  topology: Topology,
  ofTask: ThinkingSettings,
  log: Log,
  request: { home: string; onProgress: (line: string) => void; signal?: AbortSignal },
): Promise<Student> {
  const { python } = await provisionRuntime(request)
  const { student: choice, embedder, inference } = BridgeOptions.parse(topology.agents['trainer-bridge'].options)
  const setup = { signal: new AbortController().signal, ...request, python }
  const student = await ensureStudent(choice, setup)
  const checked = { student, chat: templateOf(chatOf(ofTask, inference)), home: setup.home }
  if (!(await knownCheck(checked))) {
    setup.onProgress(`student: trying ${student.name} once`)
    await using runtime = startRuntime({ python, log })
    await checkStudent(checked, runtime, setup.signal)
  }
  await ensureEmbedder(embedder, setup)
  return student
}
