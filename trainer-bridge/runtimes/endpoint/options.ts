import { z } from 'zod'
import { EndpointOptions, ModelName } from '../../../schemas/endpoint.ts'
import { count } from '../../../schemas/limit.ts'

/** `options.endpoint` of a trainer-bridge. */
export const AnswerEndpoint = z.strictObject({
  baseUrl: EndpointOptions.shape.baseUrl
    .unwrap()
    .describe('the address of an OpenAI-compatible API that serves the student'),
  model: ModelName.describe('the name that the base student has there'),
  adapterModel: z
    .string()
    .min(1)
    .default('{hash}')
    .describe(
      "the name that an adapter has there; {hash} stands for the first 16 letters of its training's hash, the folder in trainer/ that holds it",
    ),
  apiKeyEnv: EndpointOptions.shape.apiKeyEnv.describe('the environment variable with its key; null: it wants none'),
  ask: z
    .enum(['tokens', 'chat'])
    .default('tokens')
    .describe(
      'tokens: the prompt in tokens goes to /completions, as a training sees it; chat: messages go to /chat/completions, and the server renders them',
    ),
  concurrency: count(16, 'questions that are asked at the same time'),
  mostLosses: count(5, 'how often in a row it may fail without one more answer'),
})
export type AnswerEndpoint = z.infer<typeof AnswerEndpoint>
