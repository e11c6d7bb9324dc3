import { expect, test } from 'vitest'
import { BridgeOptions } from '../../../trainer-bridge/options.ts'
import { diagnoseVllm } from '../../../trainer-bridge/runtimes/vllm/environment.ts'

test("a vLLM of the user's own is not missing here; one that nobody named is", async () => {
  const baseUrl = 'http://127.0.0.1:9/v1'
  const own = BridgeOptions.parse({ infer: 'vllm', vllm: { baseUrl } })
  expect(await diagnoseVllm('/nowhere', own)).toMatchObject({ status: 'ok', detail: expect.stringContaining(baseUrl) })
  expect(await diagnoseVllm('/nowhere', BridgeOptions.parse({ infer: 'vllm' }))).toMatchObject({ status: 'missing' })
})
