import { globSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { openHttpClient } from '../../agents/kit/teacher/http-client.ts'
import { shown } from '../../agents/kit/teacher/quoted.ts'
import { hasGpu } from '../../provision/mod.ts'
import { isPlainAddress, plainAddressWanted } from '../../schemas/endpoint.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { BridgeOptions } from '../../trainer-bridge/options.ts'
import { checkStudentFolder, readStudentChoice } from '../../trainer-bridge/student.ts'
import type { ArmPlan } from './plan.ts'

const patienceMs = 20_000
const maxConfigBytes = 2 ** 22
const shownChars = 120
const otherStudent = 'or name another student: LOCAL_MODEL=<folder with a transformers model>, LOCAL_MODEL=embedded'

/**
 * Checks that an arm's student can be had and trained here.
 * @throws UsageError without the GPU that it wants, or without the model; SetupError for a folder without one
 */
export async function checkArmStudent(
  { name, topology, gpu }: ArmPlan,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const { student } = BridgeOptions.parse(topology.agents['trainer-bridge'].options)
  if (gpu && !(await hasGpu(env))) {
    throw new UsageError(
      `The arm ${name} trains ${student}, and nvidia-smi shows no GPU here.`,
      `Run it on a GPU node, ${otherStudent}.`,
    )
  }
  checkStudentFolder(student)
  const choice = readStudentChoice(student)
  if (choice.kind !== 'hub' || isCached(choice.name, env)) return
  const fault = await askHub(choice.name, choice.revision ?? 'main', env)
  if (fault === null) return
  throw new UsageError(
    `The student ${student} of arm ${name} cannot be fetched: ${fault}.`,
    `Accept its licence and set HF_TOKEN, or set HF_ENDPOINT to a hub that has it, ${otherStudent}.`,
  )
}

/** Where transformers keeps what it has fetched. */
function isCached(model: string, env: NodeJS.ProcessEnv): boolean {
  const home = env.HF_HOME ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface')
  const cache = env.HF_HUB_CACHE ?? join(home, 'hub')
  return globSync(`models--${model.replace('/', '--')}/snapshots/*/config.json`, { cwd: cache }).length > 0
}

/** Why the hub does not give a model's configuration; null when it does. */
async function askHub(model: string, revision: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  const hub = (env.HF_ENDPOINT ?? 'https://huggingface.co').replace(/\/+$/, '')
  if (!isPlainAddress(hub)) return `HF_ENDPOINT cannot be used, ${plainAddressWanted}`
  const limits = { concurrency: 1, maxReplyBytes: maxConfigBytes }
  const client = openHttpClient({ baseUrl: hub, apiKey: env.HF_TOKEN ?? '' }, limits, env)
  const signal = AbortSignal.timeout(patienceMs)
  const answer = await client
    .get(`/${model}/resolve/${encodeURIComponent(revision)}/config.json`, signal)
    .catch((error: Error) => error)
  if (answer instanceof Error) return `the hub ${hub} does not answer: ${answer.message}`
  // A hub may keep its files elsewhere.
  return answer.status < 400 ? null : `the hub ${hub} says ${answer.status}: ${shown(answer.text, shownChars)}`
}
