import { expect, test } from 'vitest'
import type { z } from 'zod'
import { answerServerAsked, keysWithheld } from '../../../launcher/topology/endpoints.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'

const usual = await readTopology(defaultTopology)
const withOptions = (options: Record<string, z.core.util.JSONType>): typeof usual => ({
  ...usual,
  agents: { ...usual.agents, 'trainer-bridge': { ...usual.agents['trainer-bridge'], options } },
})
const address = { baseUrl: 'http://127.0.0.1:8000/v1' }

test.each([
  ['an endpoint', { infer: 'endpoint', endpoint: { ...address, model: 'm', apiKeyEnv: 'MY_KEY' } }, 'MY_KEY'],
  ['an endpoint with the usual key', { infer: 'endpoint', endpoint: { ...address, model: 'm' } }, 'OPENAI_API_KEY'],
  ['an endpoint without a key', { infer: 'endpoint', endpoint: { ...address, model: 'm', apiKeyEnv: null } }, null],
  ['a vLLM of somebody else', { infer: 'vllm', vllm: { ...address, apiKeyEnv: 'MY_KEY' } }, 'MY_KEY'],
  ['a vLLM without a key', { infer: 'vllm', vllm: address }, null],
])('the key of %s goes to the bridge alone', (_, options, keyName) => {
  const topology = withOptions(options)
  expect(answerServerAsked(topology, {}).map((each) => each.keyName)).toEqual([keyName])
  if (keyName === null) return
  expect(keysWithheld('trainer-bridge', topology, [topology])).not.toContain(keyName)
  for (const role of ['generator', 'critic', 'planner', 'evaluator'] as const)
    expect(keysWithheld(role, topology, [topology])).toContain(keyName)
})

test.each([[{}], [{ infer: 'vllm' }], [{ endpoint: { ...address, model: 'm' } }], [{ infer: 'peft', vllm: address }]])(
  'without a server that answers there is none: %j',
  (options) => {
    expect(answerServerAsked(withOptions(options), {})).toEqual([])
  },
)
