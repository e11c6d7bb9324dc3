import { endpointOf } from '../../../agents/kit/teacher/options.ts'
import { RuntimeDiedError } from '../../runtime-errors.ts'
import { type AnswerServer, answerPrompts } from '../answer-prompts.ts'
import { askCompletions, openAnswerClient } from '../completions.ts'
import type { Answerer, RuntimeDeclaration, RuntimeFacts, RuntimeParts } from '../runtime.ts'
import { serverFacts } from '../server-facts.ts'
import { checkAdapterFits, loadAdapter, unloadAdapter } from './adapters.ts'
import { diagnoseVllm, provisionVllm, pythonOfVllm, versionsOf } from './environment.ts'
import { ownServer, type VllmServer } from './own-server.ts'

const name = 'vllm'

export const vllm: RuntimeDeclaration<Answerer> = {
  name,
  async provision(setup) {
    if (setup.settings.vllm.baseUrl === undefined) await provisionVllm(setup)
  },
  diagnose: diagnoseVllm,
  async start(parts) {
    if (parts.settings.vllm.baseUrl !== undefined) return startOfUser(parts)
    const python = await pythonOfVllm(parts.home)
    const versions = await versionsOf(python)
    const server = await ownServer(python, parts)
    return answererOf(server, parts, async () => ({ name, version: versions.vllm!, device: server.device, versions }))
  },
}

/** A vLLM that somebody else started: nothing is started again here, and nothing sleeps. */
async function startOfUser(parts: RuntimeParts): Promise<Answerer> {
  const { baseUrl, apiKeyEnv, sequences, model } = parts.settings.vllm
  const endpoint = endpointOf({ baseUrl, apiKeyEnv }, process.env, 'agents.trainer-bridge.options.vllm')
  const found = await serverFacts(endpoint, model, parts.signal)
  const where = `the vLLM at ${endpoint.baseUrl}`
  const server: VllmServer = {
    sequences,
    device: 'server',
    reach: async () => ({ endpoint, model: found.model, where }),
    rest: async () => {},
    lossOf: (lost) => new RuntimeDiedError(lost.message),
    [Symbol.asyncDispose]: async () => {},
  }
  return answererOf(server, parts, async () => ({
    name,
    version: found.version,
    device: server.device,
    versions: found.versions,
  }))
}

export function answererOf(
  server: VllmServer,
  { own, settings }: RuntimeParts,
  facts: () => Promise<RuntimeFacts>,
): Answerer {
  return {
    facts,
    async infer(request, call = {}) {
      let takeOff = async () => {}
      const asked: AnswerServer = {
        concurrency: server.sequences,
        mostLosses: settings.vllm.mostLosses,
        lossOf: server.lossOf,
        async ready(given, asking, signal) {
          if (given.adapter !== null) await checkAdapterFits(given.adapter, given.student)
          const { endpoint, model, where } = await server.reach(given, asking, signal)
          const client = openAnswerClient(endpoint, server.sequences)
          if (given.adapter === null) return askCompletions(client, model, asking.end_ids, where)
          const adapter = await loadAdapter(client, given.adapter, where, signal)
          takeOff = () => unloadAdapter(client, adapter, AbortSignal.timeout(settings.vllm.stopMs))
          return askCompletions(client, adapter, asking.end_ids, where)
        },
      }
      try {
        return await answerPrompts(asked, own, request, call)
      } finally {
        await takeOff()
        await server.rest()
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
