import { describe, expect, test } from 'vitest'
import { type ChatBody, createCapabilities } from '../../../../agents/kit/teacher/capabilities.ts'
import { errorIn } from '../../../../agents/kit/teacher/endpoint-error.ts'
import { isTooLong, mayPass, statusMeant } from '../../../../agents/kit/teacher/refusal.ts'

const errorOf = (body: unknown) => errorIn([typeof body === 'string' ? { message: body } : body])!

const asked: ChatBody = {
  model: 'm',
  messages: [
    { role: 'system', content: 'Judge.' },
    { role: 'user', content: 'Hello.' },
  ],
  stream: false,
  max_tokens: 400,
  temperature: 0.7,
  top_p: 0.9,
  seed: 1,
}

/** What is sent after one refusal; null where nothing was learned. */
function learnedFrom(status: number, body: unknown, first: ChatBody = asked): ChatBody | null {
  const capabilities = createCapabilities(null, () => {}, 64)
  return capabilities.learn(status, errorOf(body), capabilities.adapt(first)!) ? capabilities.adapt(first) : null
}

describe('a field that is refused is left out, whoever says it', () => {
  test.each<[string, number, unknown]>([
    [
      'OpenAI',
      400,
      { error: { message: "Unsupported value: 'temperature' does not support 0.7.", param: 'temperature' } },
    ],
    ['OpenAI in a place of its own', 400, { error: { message: 'This value is not right.', param: 'temperature' } }],
    [
      'FastAPI',
      422,
      {
        detail: [
          {
            type: 'extra_forbidden',
            loc: ['body', 'temperature'],
            msg: 'Extra inputs are not permitted',
            input: { seed: 1 },
          },
        ],
      },
    ],
    [
      'Mistral',
      422,
      {
        object: 'error',
        message: { detail: [{ loc: ['body', 'temperature'], msg: 'Extra inputs are not permitted' }] },
      },
    ],
    [
      'LiteLLM',
      500,
      { error: { message: "litellm.UnsupportedParamsError: gpt-5 models don't support temperature=0.7", code: '500' } },
    ],
    [
      'Gemini',
      400,
      [
        {
          error: {
            message: 'Invalid JSON payload received. Unknown name "temperature": Cannot find field.',
            status: 'INVALID_ARGUMENT',
          },
        },
      ],
    ],
    [
      'Anthropic',
      400,
      { type: 'error', error: { message: 'temperature: may only be set to 1 when thinking is enabled.' } },
    ],
    ['vLLM', 400, { object: 'error', message: 'temperature must be 1 for this model', code: 400 }],
    ['Ollama', 400, { error: 'option "temperature" is not supported' }],
    [
      'TGI',
      422,
      { error: 'Input validation error: `temperature` must be strictly positive', error_type: 'validation' },
    ],
    [
      'Bedrock',
      400,
      { message: 'The model returned the following errors: `temperature` is deprecated for this model.' },
    ],
    ['Moonshot', 400, { error: { message: 'invalid temperature: only 1 is allowed for this model' } }],
    [
      'OpenRouter',
      400,
      {
        error: {
          message: 'Provider returned error',
          metadata: { raw: '{"error":{"message":"Unsupported parameter: temperature"}}' },
        },
      },
    ],
    ['a validator', 400, { errors: [{ instancePath: '/temperature', message: 'must be <= 0.5' }] }],
    ['the name of a wrong parameter', 400, { title: 'Bad Request', 'invalid-params': [{ name: 'temperature' }] }],
    ['Rust', 422, { error: 'Failed to deserialize: unknown field `temperature`, expected one of `model`, `messages`' }],
    ['a router', 404, { error: { message: 'No endpoints found that support the requested parameters: temperature' } }],
    ['a plan', 403, { error: { message: 'temperature is not allowed on this plan' } }],
    ['a gateway whose status says that it is busy', 503, { error: { message: 'temperature is not supported' } }],
    ['one whose model failed', 424, { error: { message: 'upstream: unknown field temperature' } }],
    ['what is not there yet', 501, { error: { message: 'temperature is not implemented' } }],
    ['another place than the text', 400, { error: { message: 'temperature must be 1', param: 'body' } }],
    ['a problem document', 400, { title: 'Bad Request', detail: 'The field temperature is unknown', status: 400 }],
  ])('%s', (_, status, body) => {
    const { temperature: _temperature, ...rest } = asked
    expect(learnedFrom(status, body)).toEqual(rest)
  })

  test('of two that exclude each other the one that matters less goes; other names of a field count', () => {
    const both = '`temperature` and `top_p` cannot both be specified for this model. Please use only one.'
    expect(learnedFrom(400, both)).toMatchObject({ temperature: 0.7, seed: 1 })
    expect(learnedFrom(400, both)).not.toHaveProperty('top_p')
    expect(learnedFrom(422, { detail: [{ loc: ['body', 'random_seed'], msg: 'bad' }] })).not.toHaveProperty('seed')
  })

  test('a gateway that only streams is asked for a stream, and one that knows no such field for nothing', () => {
    expect(learnedFrom(400, 'This model only support stream mode, please enable the stream parameter.')).toMatchObject({
      stream: true,
    })
    expect(learnedFrom(400, 'enable_thinking must be set to false for non-streaming calls')).toMatchObject({
      stream: true,
    })
    expect(
      learnedFrom(422, { detail: [{ loc: ['body', 'stream'], msg: 'Extra inputs are not permitted' }] }),
    ).not.toHaveProperty('stream')
  })

  test.each([
    [400, 'Your prompt about the temperature was flagged by moderation.'],
    [500, 'The temperature of the machine is too high.'],
    [429, "Unsupported parameter: 'temperature'"],
  ])('what is said of something else is none (HTTP %i: %s)', (status, text) => {
    expect(learnedFrom(status, text)).toBeNull()
  })

  test('requests of the same moment that are refused alike are all said otherwise', () => {
    const capabilities = createCapabilities()
    const first = capabilities.adapt(asked)!
    for (const text of ['temperature: unexpected', 'System role not supported', 'max_tokens must be at most 256']) {
      expect([1, 2, 3].map(() => capabilities.learn(400, errorOf(text), first))).toEqual([true, true, true])
    }
    expect(capabilities.adapt(asked)).toMatchObject({ max_tokens: 256, messages: [{ role: 'user' }] })
    expect(capabilities.adapt(asked)).not.toHaveProperty('temperature')
  })

  test('what was left out and did not help is sent again; what an answer confirmed stays', () => {
    const kept: unknown[] = []
    const capabilities = createCapabilities(null, (words) => kept.push(words))
    expect(capabilities.learn(400, errorOf('seed: unexpected'), asked)).toBe(true)
    capabilities.answered()
    expect(capabilities.learn(400, errorOf('temperature: unexpected'), capabilities.adapt(asked)!)).toBe(true)
    expect(capabilities.adapt(asked)).not.toHaveProperty('temperature')
    capabilities.refusedForGood()
    expect(capabilities.adapt(asked)).toMatchObject({ temperature: 0.7 })
    expect(capabilities.adapt(asked)).not.toHaveProperty('seed')
    expect(kept).toEqual([{ refused: ['seed'] }])
  })
})

describe('a system turn that is refused goes into the first turn of the user', () => {
  test.each<[string, number, unknown]>([
    ['vLLM', 400, { object: 'error', message: 'System role not supported', code: 400 }],
    [
      'Gemma',
      400,
      { error: { message: 'Developer instruction is not enabled for models/gemma-3', status: 'INVALID_ARGUMENT' } },
    ],
    [
      'OpenAI',
      400,
      {
        error: { message: "'messages[0].role' does not support 'system' with this model.", param: 'messages[0].role' },
      },
    ],
    [
      'FastAPI',
      422,
      { detail: [{ loc: ['body', 'messages', 0, 'role'], msg: "Input should be 'user' or 'assistant'" }] },
    ],
    ['Anthropic', 400, { error: { message: 'messages: Unexpected role "system".' } }],
    ['a template', 400, { error: 'Only user and assistant roles are supported!' }],
    [
      'a template that counts it',
      400,
      { message: 'Conversation roles must alternate user/assistant/user/assistant/...' },
    ],
    ['a template that wants the user first', 400, { message: 'Conversation roles must start with user' }],
    ['Gemini', 400, { error: { message: 'Please ensure that multiturn requests alternate between user and model' } }],
    ['an old FastAPI', 422, { detail: [{ loc: ['body', 'messages', 0, 'role'], msg: 'unexpected value' }] }],
    ['an enumeration', 400, { error: { message: "'system' is not one of ['user', 'assistant'] - 'messages.0.role'" } }],
    ['another language', 400, { error: { message: '不支持system角色' } }],
    ['Mistral', 400, { message: 'Expected last role User or Tool (or Assistant with prefix True) but got system' }],
    ['Cohere', 422, { message: "invalid role in messages[0]: must be one of 'User', 'Chatbot'" }],
    ['Gemini itself', 400, [{ error: { message: 'Please use a valid role: user, model.' } }]],
    ['Qwen', 400, { error: { message: 'Role must be user or assistant' } }],
    ['a gateway that is busy with it', 503, { error: { message: 'Upstream: System role not supported' } }],
    ['llama.cpp', 500, { error: { code: 500, message: 'System role not supported at row 1', type: 'server_error' } }],
  ])('%s', (_, status, body) => {
    expect(learnedFrom(status, body)?.messages).toEqual([{ role: 'user', content: 'Judge.\n\nHello.' }])
  })

  test.each([
    [500, 'System error: could not reach the model'],
    [503, 'The system is not available'],
    [502, 'system: no answer from upstream'],
    [500, 'System is not responding, the message queue is full'],
    [500, 'Internal system error while loading role config'],
    [500, 'stream closed unexpectedly, upstream reset'],
    [503, 'The stream must be restarted: overloaded'],
  ])('HTTP %i "%s" speaks of another system', (status, message) => {
    expect(learnedFrom(status, { error: { message } })).toBeNull()
  })

  test('without one there is nothing to say otherwise', () => {
    expect(
      learnedFrom(400, 'System role not supported', { ...asked, messages: [{ role: 'user', content: 'Hello.' }] }),
    ).toBeNull()
  })
})

test.each([
  ['one twice', ['user', 'a'], ['user', 'b'], [['user', 'a\n\nb']]],
  ['an empty one', ['assistant', ' '], ['user', 'b'], [['user', 'b']]],
])('turns alternate for every endpoint: %s', (_, first, second, sent) => {
  const messages = [first, second].map(([role, content]) => ({ role, content })) as ChatBody['messages']
  expect(
    createCapabilities()
      .adapt({ messages })!
      .messages.map(({ role, content }) => [role, content]),
  ).toEqual(sent)
})

describe('a reply is as long as the endpoint allows', () => {
  test.each<[string, unknown, number]>([
    [
      'OpenAI',
      {
        error: {
          message: 'max_tokens is too large: 400. This model supports at most 256 completion tokens.',
          param: 'max_tokens',
        },
      },
      256,
    ],
    ['Anthropic', 'max_tokens: 400 > 256, which is the maximum allowed number of output tokens for m', 256],
    ['DeepSeek', 'Invalid max_tokens value, the valid range of max_tokens is [1, 256]', 256],
    ['Qwen', 'InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 256]', 256],
    ['Groq', '`max_tokens` must be less than or equal to `256`, the maximum value for `max_tokens`', 256],
    ['FastAPI', { detail: [{ loc: ['body', 'max_tokens'], msg: 'Input should be less than or equal to 256' }] }, 256],
    [
      'a problem document',
      {
        title: 'Bad Request',
        detail: [{ loc: ['body', 'max_tokens'], msg: 'Input should be less than or equal to 256' }],
      },
      256,
    ],
    [
      'a field where a text should be',
      { error: { message: 'Param Incorrect', param: 'max_tokens: at most 256, not 400' } },
      256,
    ],
    [
      'vLLM',
      "This model's maximum context length is 512 tokens. However, you requested 700 tokens (300 in the messages, 400 in the completion).",
      212,
    ],
    [
      'newer vLLM',
      "'max_tokens' is too large: 400. This model's maximum context length is 512 tokens and your request has 300 input tokens (400 > 512 - 300).",
      212,
    ],
    [
      'TGI',
      '`inputs` tokens + `max_new_tokens` must be <= 512. Given: 300 `inputs` tokens and 400 `max_new_tokens`',
      212,
    ],
    ['a range', 'max_tokens must be between 1 and 256', 256],
    ['a rule with another way out', 'Requests with max_tokens > 256 must have stream=true', 256],
    ['a plan', 'max_tokens cannot exceed 256 for free users', 256],
    ['the limit first', 'Maximum 256 output tokens supported by model-4-32k, got 400', 256],
    [
      'the newest vLLM',
      "This model's maximum context length is 512 tokens. However, you requested 400 output tokens and your prompt contains 300 input tokens, for a total of 700 tokens.",
      212,
    ],
    [
      'SGLang',
      "Requested token count exceeds the model's maximum context length of 512 tokens. You requested a total of 700 tokens: 300 tokens from the input messages and 400 tokens for the completion.",
      212,
    ],
    ['Anthropic of the context', 'input length and `max_tokens` exceed context limit: 300 + 400 > 512', 212],
    [
      'OpenRouter',
      "This endpoint's maximum context length is 512 tokens. However, you requested about 700 tokens (300 of text input, 400 in the output).",
      212,
    ],
  ])('%s', (_, body, most) => {
    const { max_tokens } = learnedFrom(400, body) as { max_tokens?: number }
    expect(max_tokens).toBeLessThanOrEqual(most)
    // An estimate of the prompt has some room.
    expect(max_tokens).toBeGreaterThan(0.95 * most)
  })

  test.each<[string, number, string, number]>([
    ['LiteLLM', 500, 'litellm.BadRequestError: max_tokens(400) exceeds limit 256', 256],
    ['TGI', 422, 'Input validation error: `max_new_tokens` must be <= 256. Given: 400', 256],
    ['Groq, of a field', 400, 'max_completion_tokens must be less than or equal to 256, the maximum value for it', 256],
    [
      'Gemini',
      400,
      'Unable to submit request because it has a maxOutputTokens value of 400 but the supported range is from 1 (inclusive) to 257 (exclusive). Update the value and try again.',
      256,
    ],
    [
      'Bedrock',
      400,
      'The maximum tokens you requested exceeds the model limit of 256. Try again with a maximum tokens value that is lower than 256.',
      256,
    ],
    ['Bedrock, of a place', 400, 'Malformed input request: #/maxTokenCount: 400 is not less or equal to 256', 256],
    ['Bedrock, of no place', 400, 'Malformed input request: 400 is not less or equal to 256, please reformat it', 256],
    [
      'Doubao',
      400,
      'The parameter `max_completion_tokens` specified in the request are not valid: integer above maximum value, expected a value <= 256, but got 400 instead. Request id: 0217752964393142fa50',
      256,
    ],
    ['Ollama and its likes', 400, 'num_predict 400 is larger than what this model gives: 256', 256],
    ['llama.cpp and its likes', 400, 'n_predict exceeds the limit of 256', 256],
    [
      'Cohere',
      400,
      'invalid request: max tokens must be less than or equal to 256, the maximum output for this model',
      256,
    ],
    ['AI21', 422, 'maxTokens: ensure this value is less than or equal to 256', 256],
    ['SambaNova', 400, 'max_tokens_to_generate should be between 1 and 256', 256],
    ['Claude of the first form', 400, 'max_tokens_to_sample: must be at most 256', 256],
    ['Zhipu', 400, 'max_tokens参数非法：不能大于256', 256],
    ['Tencent', 400, 'max_tokens 取值范围为 [1,256]', 256],
    ['a proxy', 502, 'upstream: at most 256 output tokens are supported, requested 400', 256],
    ['one whose model failed', 424, 'max_new_tokens (400) > 256', 256],
    ['Scaleway', 416, 'max_completion_tokens is limited to 256 for this model', 256],
    ['a plan', 403, 'Your plan allows a maximum of 256 completion tokens', 256],
    ['words alone', 400, 'Maximum number of tokens to generate is 256', 256],
    ['maximum allowed', 400, 'max_tokens: the maximum allowed is 256', 256],
    ['output length', 400, 'The output length 400 is above the limit of 256 tokens', 256],
    ['an upper bound of words', 500, 'ValueError: max_length=400 cannot be larger than 256', 256],
    ['two sentences', 400, 'Invalid max_tokens. It must be <= 256.', 256],
    ['the limit in front', 500, 'The limit is 256. max_tokens was 400.', 256],
    ['a response', 400, 'Response tokens are limited to 256', 256],
    ['a response each', 400, 'This model can generate at most 256 tokens per response; you asked for 400.', 256],
    ['a budget', 400, 'The output budget you requested (400) is over the cap of 256 for this model', 256],
    ['a completion', 400, 'Requested completion of 400 tokens, limit is 256.', 256],
    ['what is there', 400, 'You requested 400 output tokens but only 256 are available for this model.', 256],
    ['two dots', 400, "Value for 'max_tokens' must be in [1..256]", 256],
    ['a half-open range', 400, 'parameter max_tokens: 400 out of bounds (0, 256]', 256],
    ['a hyphen', 422, 'max_tokens not in [1-256]', 256],
    ['what it should be', 400, 'max_tokens 参数非法，max_tokens 应为 [1, 256]', 256],
    ['an upper limit', 400, 'max_tokens 上限为 256', 256],
    ['a gateway without a model', 503, 'max_tokens 400 is over the limit (256) of every provider', 256],
  ])('%s, HTTP %i: %s', (_, status, text, most) => {
    const capabilities = createCapabilities(null, () => {}, 64)
    let sent = asked
    for (let refused = 0; refused < 2 && Number(sent.max_tokens) > most; refused++) {
      const words = text.replaceAll('400', String(sent.max_tokens))
      expect(capabilities.learn(status, errorOf(words), sent)).toBe(true)
      sent = capabilities.adapt(asked)!
    }
    expect(sent).toMatchObject({ ...asked, max_tokens: most })
  })

  test.each<[string, number, string]>([
    ['a rate', 413, 'Request too large for m on output tokens per minute (OTPM): Limit 256, Requested 400'],
    ['a rate', 400, 'max_tokens: rate limit of 256 tokens per minute exceeded'],
    ['a rate', 503, 'Too many requests: max 256 output tokens per second'],
    ['a quota', 403, 'Daily quota of 256 completion tokens is used up'],
    ['a prompt', 400, 'Maximum input tokens is 256, your prompt has 300'],
    ['a prompt', 422, 'max_input_tokens must be <= 256'],
    ['a prompt', 400, 'The input token count (300) exceeds the maximum number of tokens allowed (256).'],
    ['a prompt', 400, 'Prompt of 300 tokens exceeds 256; lower max_tokens will not help'],
    ['a prompt', 400, 'prompt is too long: 300 tokens > 256 maximum'],
    ['a sequence', 400, 'length of prompt_tokens (300) must be less than max_seq_len (256).'],
    ['a context', 400, 'Requested tokens exceed context window of 256'],
    ['thoughts', 400, 'max_tokens must be greater than thinking.budget_tokens (256)'],
    ['a floor', 400, 'max_tokens must be at least 500'],
    ['a floor', 400, 'Invalid max_output_tokens: integer below minimum value. Expected a value >= 256.'],
    ['another number', 500, 'Internal error 256 while max_tokens was 400'],
    ['a version', 500, 'Server m-256 failed (v2.256), max_tokens=400'],
    ['time', 504, 'Gateway time-out after 256 s, max_tokens 400'],
    ['stop words', 400, 'At most 256 stop tokens are allowed'],
    ['log probabilities', 400, 'top_logprobs must be <= 256'],
    [
      'money',
      402,
      'This request requires more credits, or fewer max_tokens. You requested up to 400 tokens, but can only afford 256.',
    ],
    ['images', 400, 'at most 256 images, max_tokens was 400'],
    ['images', 400, 'at most 256 images; max_tokens was 400'],
  ])('a number of something else is none: %s, HTTP %i: %s', (_, status, text) => {
    const sent = learnedFrom(status, text)
    expect(sent?.max_tokens ?? sent?.max_completion_tokens ?? 400).toBe(400)
  })

  test.each([
    "This model's maximum context length is 512 tokens. However, your messages resulted in 9000 tokens.",
    "This model's maximum context length is 512 tokens. However, you requested 900 tokens (500 in the messages, 400 in the completion).",
    'the request exceeds the available context size. try increasing the context size',
  ])('a prompt that leaves no room is too long: %s', (text) => {
    expect(learnedFrom(400, text)).toBeNull()
  })

  test('its other name is tried where one is refused, and neither where both are', () => {
    const capabilities = createCapabilities()
    const refusal = (name: string) => errorOf(`Unsupported parameter: '${name}' is not supported with this model.`)
    expect(capabilities.learn(400, refusal('max_tokens'), asked)).toBe(true)
    const renamed = capabilities.adapt(asked)!
    expect(renamed).toMatchObject({ max_completion_tokens: 400 })
    expect(capabilities.learn(400, refusal('max_completion_tokens'), renamed)).toBe(false)
  })
})

describe('a format of the reply that is refused', () => {
  const schema = { ...asked, response_format: { type: 'json_schema', json_schema: {} } }
  test.each<[number, unknown]>([
    [400, 'This cannot be done.'],
    [500, { error: { message: 'response_format is not supported for this model' } }],
    [501, { error: { message: 'json_schema is not implemented' } }],
    [404, { error: { message: 'No endpoints found that support the requested parameters: response_format' } }],
    [500, { error: { message: 'Failed to parse grammar: JSON schema conversion failed: Unrecognized schema' } }],
  ])('HTTP %i %j: a looser one is asked for', (status, body) => {
    expect(learnedFrom(status, body, schema)).toMatchObject({ response_format: { type: 'json_object' } })
  })

  test.each<[number, unknown]>([
    [400, { error: { message: 'The prompt was filtered by content management.', param: 'prompt' } }],
    [400, { error: { message: 'ContentPolicyViolationError: the temperature of the debate', param: 'None' } }],
    [400, { error: { code: 'content_filter', message: 'Rewrite it.' } }],
    [500, { error: { message: 'something broke' } }],
    [500, { error: { message: 'unexpected EOF in grammar server' } }],
  ])('HTTP %i %j is about something else', (status, body) => {
    expect(learnedFrom(status, body, schema)).toBeNull()
  })
})

test.each<[number, string, boolean]>([
  [400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens.", true],
  [422, 'Input validation error: `inputs` must have less than 4095 tokens. Given: 5000', true],
  [400, 'length of prompt_tokens (39180) must be less than max_seq_len (32768).', true],
  [400, 'Range of input length should be [1, 129024]', true],
  [400, 'context_length_exceeded\nShorten it.', true],
  [400, 'Prompt 超长', true],
  [413, '<html><title>Request Entity Too Large</title></html>', true],
  [413, 'Request too large for model m on tokens per minute (TPM): Limit 6000, Requested 8021', true],
  [429, 'Request too large for m on tokens per min (TPM): Limit 30000, Requested 40000.', true],
  [429, 'Too many tokens, please wait before trying again.', false],
  [429, 'Too many tokens per day, please wait before trying again.', false],
  [400, 'Bad thing.', false],
])('HTTP %i "%s" says of the prompt that it is too long: %j', (status, words, isSo) => {
  expect(isTooLong(status, words)).toBe(isSo)
})

test.each([420, 423, 424, 449, 498, 499])('HTTP %i, of one maker alone, may pass', (status) => {
  expect(mayPass(statusMeant(status, errorOf('The model is being updated.'))!)).toBe(true)
})

describe('the status that an error stands for', () => {
  test.each<[number, unknown, number | null]>([
    [200, { code: '1113', msg: '账户余额不足', success: false }, 402],
    [200, { base_resp: { status_code: 1008, status_msg: 'insufficient balance' } }, 402],
    [200, { code: 514, statusText: 'unAuthApiKey', message: 'Key is error' }, 401],
    [200, { code: 429, msg: 'too many' }, 429],
    [200, { error: { code: '1302', message: '请降低频率' } }, 429],
    [200, { error: { message: 'something odd' } }, null],
    [429, { error: { code: 'insufficient_quota' } }, 402],
    [
      429,
      {
        error: {
          message: 'You exceeded your current quota, please check your plan and billing details.',
          status: 'RESOURCE_EXHAUSTED',
        },
      },
      429,
    ],
    [400, { error: { code: 'billing_hard_limit_reached', message: 'Billing hard limit has been reached' } }, 402],
    [400, { error: { type: 'invalid_request_error', message: 'Your credit balance is too low.' } }, 402],
    [403, { error: { code: 'Arrearage', message: 'Access denied' } }, 402],
    [403, { error: { errors: [{ reason: 'rateLimitExceeded' }], message: 'slow down' } }, 429],
    [400, { __type: 'ThrottlingException', message: 'Too many requests' }, 429],
    [
      400,
      [
        {
          error: {
            message: 'API key not valid. Please pass a valid API key.',
            details: [{ reason: 'API_KEY_INVALID' }],
          },
        },
      ],
      401,
    ],
    [400, { error: { message: 'Model Not Exist' } }, 404],
    [400, { error: { message: 'm is not a valid model ID' } }, 404],
    [400, { error: { message: 'Your text about an insufficient balance was flagged by moderation.' } }, 400],
    [500, { error: { message: 'litellm.APIError: Insufficient Balance' } }, 402],
    [429, { error: { message: 'Budget has been exceeded! Current cost: 10, Max budget: 10' } }, 402],
    [400, { error: { message: 'max_tokens must exceed the thinking budget' } }, 400],
    [400, { error: { message: 'You have exceeded your daily quota.' } }, 429],
    [503, { error: { message: 'daily quota exceeded' } }, 429],
    [400, { error: { message: 'A row about today is not allowed.' } }, 400],
    [400, { error: { message: 'Invalid model name passed in model=m.' } }, 404],
    [400, { error: { code: 'model_not_supported', message: 'x' } }, 404],
    [400, { error: 'Model m is currently loading' }, 503],
    [403, { error: { message: 'Request blocked.' } }, 403],
    [503, { error: { message: 'billing is down' } }, 503],
    [200, { error: { message: 'Free tier limit reached: 50 requests/day', code: 'limit' } }, 429],
    [200, { error: { code: '1302', message: '您当前使用该API的并发数过高' } }, 429],
    [460, { message: 'Too many requests' }, 429],
    [400, 'Throttling: Rate exceeded', 429],
    [429, { error: { message: 'Your account org has reached its spending cap' } }, 402],
    [400, { error: { message: 'Your trial has ended, add a payment method.' } }, 402],
    [400, 'trial has ended, add a payment method', 402],
    [422, { error: { message: 'Your free trial expired on 3 May.' } }, 402],
    [429, { error: { message: 'The trial period is over.' } }, 402],
    [200, { error: { message: 'Your trial has expired.' } }, 402],
    [403, { error: { message: 'Your subscription is not active.' } }, 402],
    [400, { error: { message: 'No payment method on file.' } }, 402],
    [400, { error: { message: 'Please add a credit card to continue.' } }, 402],
    [403, { error: { message: 'A valid payment method is required.' } }, 402],
    [400, { error: { message: 'Please top up your account.' } }, 402],
    [200, { error: { message: 'Please add more credits.' } }, 402],
    [400, { error: { message: 'All free credits are used up.' } }, 402],
    [403, { error: { message: 'There is an unpaid invoice.' } }, 402],
    [500, { error: { message: 'Payment required to use this model' } }, 402],
    [
      429,
      {
        error: {
          message:
            'Rate limit reached for m on requests per min. Limit: 3 / min. Please try again in 20s. Please add a payment method to your account to increase your rate limit. Visit https://x to add a payment method.',
        },
      },
      429,
    ],
    [400, { error: { message: 'The row "Your card is over its limit" is not allowed.' } }, 400],
    [400, { error: { message: 'The trial of this row is not allowed.' } }, 400],
    [429, { error: { message: 'Your account org-1 is suspended, please check your plan.' } }, 402],
    [401, { error: { message: 'Your daily key has exceeded its life.' } }, 401],
  ])('HTTP %i %j is %s', (status, body, meant) => {
    expect(statusMeant(status, errorOf(body))).toBe(meant)
  })
})
