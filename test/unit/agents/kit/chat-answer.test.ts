import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chatAnswerIn } from '../../../../agents/kit/teacher/chat-answer.ts'
import { type Reply, replyOf } from '../../../../agents/kit/teacher/completion.ts'
import { errorIn } from '../../../../agents/kit/teacher/endpoint-error.ts'
import { jsonValues } from '../../../../agents/kit/teacher/json-values.ts'
import { cpuMsOf } from '../../../support/cpu-time.ts'

/** The reply in a body, as every role reads it; null for none. */
function read(body: unknown): Reply | null {
  const { values, isEnded } = jsonValues(typeof body === 'string' ? body : JSON.stringify(body))
  const answer = chatAnswerIn(values, isEnded)
  return answer && replyOf(answer, { model: 'asked', prompt: 'Hello.', maxTokens: 400 })
}

const completion = (content: unknown, choice: object = {}, message: object = {}, more: object = {}) => ({
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content, ...message }, finish_reason: 'stop', ...choice }],
  usage: { prompt_tokens: 3, completion_tokens: 4 },
  ...more,
})
const row = JSON.stringify({ input: 'a', output: 'b' })

describe('an answer in whatever form', () => {
  test.each<[string, unknown, string?]>([
    [
      'parts of other types',
      completion([
        { type: 'output_text', text: 'a' },
        { type: 'text', text: 'b' },
      ]),
    ],
    ['parts whose text is a value', completion([{ type: 'text', text: { value: 'ab', annotations: [] } }])],
    ['parts without a type, and texts', completion([{ text: 'a' }, 'b'])],
    [
      'thoughts among its parts',
      completion([{ type: 'redacted_thinking', data: 'x' }, { thought: true, text: 'z' }, 'ab']),
    ],
    ['a part in place of a list', completion({ type: 'text', text: 'ab' })],
    ['a value that was meant as JSON', completion({ input: 'a', output: 'b' }), row],
    ['a number', completion(42), '42'],
    ['a message that is a text', completion('', { message: 'ab' })],
    ['the text of an old completion', completion('', { message: undefined, text: 'ab' })],
    ['the part of a stream', completion('', { message: undefined, delta: { content: 'ab' } })],
    ['choices that are one', { choices: completion('ab').choices[0] }],
    ['choices that are an object', { choices: { 0: completion('ab').choices[0] } }],
    ['a gap among its choices', { choices: [null, completion('ab').choices[0]] }],
    ['an empty choice before', { choices: [completion('').choices[0], completion('ab').choices[0]] }],
    ['a list around it', [completion('ab')]],
    ['the answer of a gateway around it', { code: 0, data: completion('ab') }],
    ['two of them', { response: { status: 200, body: completion('ab') } }],
    [
      'fields of odd types',
      completion('ab', { logprobs: 'x', index: 'y' }, { refusal: false }, { created: 'z', model: null }),
    ],
    ['an empty error beside it', completion('ab', {}, {}, { error: {} })],
    ['the form of Gemini', { candidates: [{ content: { parts: [{ text: 'ab' }] }, finishReason: 'STOP' }] }],
    [
      'the form of Anthropic',
      { type: 'message', role: 'assistant', content: [{ type: 'text', text: 'ab' }], stop_reason: 'end_turn' },
    ],
    [
      'the form of responses',
      {
        object: 'response',
        output: [
          { type: 'reasoning', summary: [] },
          { type: 'message', content: [{ type: 'output_text', text: 'ab' }] },
        ],
      },
    ],
    ['the form of Ollama', { message: { role: 'assistant', content: 'ab' }, done: true, done_reason: 'stop' }],
    ['the form of TGI', [{ generated_text: 'ab' }]],
    ['the form of Bedrock', { output: { message: { content: [{ text: 'ab' }] } }, stopReason: 'end_turn' }],
    ['the form of Cohere', { message: { content: [{ type: 'text', text: 'ab' }] }, finish_reason: 'COMPLETE' }],
    ['the form of DashScope', { output: { text: 'ab', finish_reason: 'stop' }, usage: { input_tokens: 3 } }],
    ['the form of llama.cpp', { content: 'ab', stop: true, tokens_predicted: 4 }],
    ['the form of watsonx', { results: [{ generated_text: 'ab', stop_reason: 'eos_token' }] }],
    ['a text beside counts', { id: 'x', result: 'ab', usage: { total_tokens: 7 } }],
    ['choices in a list of lists', { choices: [completion('ab').choices] }],
    ['turns in place of a message', completion('', { message: undefined, messages: [{ content: 'ab' }] })],
    ['a message of nothing beside a text', completion('', { text: 'ab' })],
    ['a message of nothing beside a part', completion(null, { delta: { content: 'ab' } })],
    ['a gateway nobody knows yet around it', { success: true, payload: completion('ab') }],
    ['thoughts of Bedrock among its parts', completion([{ reasoningContent: { reasoningText: 'z' } }, { text: 'ab' }])],
    [
      'the parts of a stream of Gemini',
      [
        { candidates: [{ content: { parts: [{ text: 'a' }] }, index: 0 }] },
        { candidates: [{ content: { parts: [{ text: 'b' }] }, index: 0, finishReason: 'STOP' }] },
      ],
    ],
    ["a text of JSON in a gateway's answer", { code: 200, data: JSON.stringify(completion('ab')) }],
  ])('%s', (_, body, text = 'ab') => {
    expect(read(body)).toMatchObject({ text, truncated: false, refused: false })
  })

  test.each([
    ['a tool', { content: null, tool_calls: [{ function: { name: 'f', arguments: row } }] }],
    ['a function', { content: null, function_call: { name: 'f', arguments: row } }],
    ['thoughts, no content', { content: undefined, reasoning_content: row }],
    ['thoughts of another name', { content: '', reasoning: ` ${row}\n` }],
    ['thoughts of a name nobody knows yet', { content: '', my_reasoning_text: row }],
    ['thoughts in parts', { content: [], reasoning_details: [{ type: 'reasoning.text', text: row }] }],
    ['thoughts among the parts', { content: [{ type: 'thinking', thinking: row }] }],
    ['a tool among the parts', { content: [{ type: 'tool_use', input: { input: 'a', output: 'b' } }] }],
    ['a value for a program', { content: null, parsed: { input: 'a', output: 'b' } }],
  ])('one JSON object where %s should be is the answer', (_, message) => {
    expect(read(completion(null, {}, message))).toMatchObject({ text: row })
  })

  test('thoughts with a draft in them are never the answer, and where they stand is said', () => {
    const thoughts = `Perhaps ${row}? No.`
    const reply = read(completion(null, {}, { reasoning_content: thoughts }))
    expect(reply).toMatchObject({ text: '', elsewhere: `${thoughts.length} characters in message.reasoning_content` })
  })
})

describe('what is no answer', () => {
  test.each([
    ['a page', '<html>Sign in</html>'],
    ['nothing', ''],
    ['a number', '42'],
    ['an error', '{"object":"error","message":"System role not supported","type":"BadRequestError"}'],
    ['no choices', JSON.stringify(completion('', {}, {}, { choices: [] }))],
    ['choices of another type', JSON.stringify(completion('', {}, {}, { choices: 'ab' }))],
    ['a choice without a message', JSON.stringify(completion('', { message: undefined }))],
    ['a completion cut off behind its message', JSON.stringify(completion('ab')).slice(0, -20)],
  ])('%s', (_, body) => {
    expect(read(body)).toBeNull()
  })
})

describe('counts of tokens', () => {
  test.each<[string, unknown, [number, number]]>([
    ['fractions', { prompt_tokens: 2.6, completion_tokens: 4.2 }, [3, 4]],
    ['texts', { prompt_tokens: '3', completion_tokens: '4' }, [3, 4]],
    ['other names', { input_tokens: 3, output_tokens: 4 }, [3, 4]],
    ['a total', { prompt_tokens: 3, total_tokens: 7 }, [3, 4]],
    ['names in another writing', { promptTokens: 3, completionTokens: 4 }, [3, 4]],
    ['counts one level below', { tokens: { input_tokens: 3, output_tokens: 4 } }, [3, 4]],
    ['a list of them', [{ prompt_tokens: 3, completion_tokens: 4 }], [3, 4]],
    ['one that is none', { prompt_tokens: -3, completion_tokens: 4 }, [0, 4]],
  ])('%s are read', (_, usage, [inputTokens, outputTokens]) => {
    expect(read(completion('ab', {}, {}, { usage }))).toMatchObject({ text: 'ab', inputTokens, outputTokens })
  })

  test.each([
    ['a text', 'n/a'],
    ['a list', [1, 2]],
    ['true', true],
    ['numbers without end', { prompt_tokens: 1e30 }],
    ['null', { prompt_tokens: null }],
  ])('that are %s are estimated, and the reply is not lost', (_, usage) => {
    expect(read(completion('ab', {}, {}, { usage }))).toMatchObject({
      inputTokens: 2,
      outputTokens: 1,
      estimated: true,
    })
  })

  test('NaN and Infinity, which are no JSON, cost no reply; in its text they stay', () => {
    const body = JSON.stringify(completion('NaN, "-Infinity"', { logprobs: 0 })).replace(
      '"logprobs":0',
      '"logprobs":[NaN,-Infinity]',
    )
    expect(read(body.replace('"prompt_tokens":3', '"prompt_tokens":Infinity'))).toMatchObject({
      text: 'NaN, "-Infinity"',
      outputTokens: 4,
    })
  })
})

test.each([0, 2.5, true, null, {}, [], ''])(
  'a finish reason that says nothing ends a whole reply: %j',
  (finish_reason) => {
    expect(read(completion('ab', { finish_reason }))).toMatchObject({ text: 'ab', truncated: false, refused: false })
  },
)

test.each([
  ['what stopped it beside why', { stop_reason: '<|im_end|>x', finish_reason: 'stop' }, false],
  ['the same of one that was cut off', { stop_reason: 128009, finish_reason: 'length' }, true],
  ['a reason with more about it', { finish_reason: { type: 'length', length: 400 } }, true],
  ['one that is a list', { finish_reason: ['stop'] }, false],
])('the end of a reply is read from %s', (_, choice, truncated) => {
  const reply = read(completion('ab', choice))
  expect(reply).toMatchObject({ text: 'ab', truncated })
  expect(reply).not.toHaveProperty('stopped')
})

test.each([
  ['max_tokens', { truncated: true }],
  ['guardrail_intervened', { refused: true }],
  ['end_turn', { truncated: false, refused: false }],
])('the end of a reply may stand around the answer: %s', (stopReason, want) => {
  expect(read({ output: { message: { content: [{ text: 'ab' }] } }, stopReason })).toMatchObject(want)
})

test('a value without end in place of a text is no answer', () => {
  const deep = `${'{"a":'.repeat(60_000)}1${'}'.repeat(60_000)}`
  expect(read(`{"choices":[{"message":{"content":${deep}}}]}`)).toBeNull()
})

test.each([
  'content_filter',
  'content_filter: SAFETY',
  'PROHIBITED_CONTENT',
  'RECITATION',
  'sensitive',
  'guardrail_intervened',
])('a reply that a filter ended is refused with its word: %s', (finish_reason) => {
  expect(read(completion('a', { finish_reason }))).toMatchObject({
    refused: true,
    refusal: `finish reason "${finish_reason}"`,
  })
})

test.each([
  ['a choice without a message', completion('', { message: undefined, finish_reason: 'content_filter' })],
  ['a prompt that is blocked', { promptFeedback: { blockReason: 'SAFETY' }, candidates: [] }],
])('what a filter withheld whole is a refusal: %s', (_, body) => {
  expect(read(body)).toMatchObject({ text: '', refused: true, refusal: expect.stringMatching(/filter|SAFETY/) })
})

test.each([
  ['a field of its own', { refusal: 'I cannot\u001b[31m help.' }],
  ['a part', { content: [{ type: 'refusal', refusal: 'I cannot\u001b[31m help.' }] }],
])('a refusal in %s is kept in its words, as they may be shown', (_, message) => {
  expect(read(completion(null, {}, message))).toMatchObject({
    text: '',
    refused: true,
    refusal: '"I cannot [31m help."',
  })
})

const event = (value: unknown, end = '\n') => `data: ${JSON.stringify(value)}${end}${end}`
const piece = (content: unknown, finish_reason: string | null = null) => ({
  model: 'm',
  choices: [{ index: 0, delta: { content }, finish_reason }],
})
const end = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } }
const stream = [piece('a'), piece('b'), piece(undefined, 'stop'), end]
const streamed = stream.map((value) => event(value)).join('')
const whole = JSON.stringify(completion('ab'))

describe('a body around it', () => {
  test.each([
    ['a stream', `${streamed}data: [DONE]\n\n`],
    ['a stream without its end', streamed],
    ['a stream of other line ends', stream.map((value) => event(value, '\r\n')).join('')],
    ['a stream without blanks', streamed.replaceAll('data: ', 'data:')],
    ['events with names and comments', `: ping\nevent: message\nid: 1\nretry: 3\n${streamed}`],
    [
      'one event of several lines',
      `data: ${JSON.stringify(completion('ab'), null, 1).replaceAll('\n', '\ndata: ')}\n\n`,
    ],
    ['an event with the whole', `${event(completion('ab'))}data: [DONE]\n\n`],
    ['the end of a stream behind it', `${whole}\n\ndata: [DONE]\n\n`],
    ['lines', stream.map((value) => JSON.stringify(value)).join('\n')],
    ['old events of texts', `${['a', 'b'].map((text) => event({ choices: [{ text }] })).join('')}data: [DONE]`],
    [
      'lines of Ollama',
      [
        { message: { content: 'a' }, done: false },
        { message: { content: 'b' }, done: true },
      ]
        .map((each) => JSON.stringify(each))
        .join('\n'),
    ],
    ['comments before it', `${': OPENROUTER PROCESSING\n\n'.repeat(3)}${whole}`],
    ['blank lines before it', `\n\n   \n${whole}`],
    ['byte-order marks', `\uFEFF\uFEFF${whole}`],
    ['a prefix against scripts', `)]}',\n${whole}`],
    ['remarks behind it', `${whole}\n<!-- cached -->`],
    ['a text of JSON', JSON.stringify(whole)],
    ["Python's writing", "{'choices': [{'message': {'content': 'ab'}, 'logprobs': None, 'finish_reason': 'stop'}]}"],
    ['commas too many', '{"choices":[{"message":{"content":"ab",},"finish_reason":"stop",},],}'],
    ['words that are no JSON', whole.replace('"m"', 'undefined').replace(':3,', ':-nan,')],
    ['comments in it', `/* cached */ ${whole.replace('"index":0', '"index":0 /* first */')}`],
  ])('%s', (_, body) => {
    expect(read(body)).toMatchObject({ text: 'ab', truncated: false, refused: false })
    expect(read(body)?.stopped).toBeUndefined()
  })

  test('a stream that breaks off is no whole reply, and neither is one that an error ended', () => {
    expect(read(event(piece('a')))).toMatchObject({ text: 'a', stopped: 'the stream broke off' })
    const failed = event(piece('a')) + event({ error: { message: 'overloaded', code: 529 } })
    expect(read(`${failed}data: [DONE]\n\n`)).toMatchObject({ text: 'a', stopped: 'error' })
  })

  test.each([
    ['braces', '{'],
    ['lists', '['],
    ['objects that are none', '{x}'],
    ['quotes', '{"\\"'],
    ['events', 'data: {\n'],
    ['comments', ': \n'],
  ])('a body of %s takes a time that grows with its length', (_, one) => {
    const body = one.repeat(1_000_000)
    expect(cpuMsOf(() => void expect(jsonValues(body).values).toEqual([]))).toBeLessThan(3000)
  })

  test('whatever JSON comes, reading it ends in an answer or none', () => {
    const key = fc.constantFrom(
      'choices',
      'message',
      'content',
      'delta',
      'text',
      'usage',
      'error',
      'finish_reason',
      'data',
      'type',
      'parts',
      'loc',
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.string(),
        fc.double(),
        fc.constant(null),
        fc.boolean(),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('value'), { maxLength: 4 }),
      object: fc.dictionary(key, tie('value'), { maxKeys: 6 }),
    }))
    fc.assert(
      fc.property(value, (body) => {
        const reply = read(body)
        if (reply) expect(typeof reply.text).toBe('string')
        expect(() => errorIn([body])).not.toThrow()
      }),
      { numRuns: 2000 },
    )
  })
})

describe("Anthropic's event stream", () => {
  const event = (type: string, data: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
  const start = event('message_start', {
    message: { role: 'assistant', content: [], model: 'claude', usage: { input_tokens: 7, output_tokens: 1 } },
  })
  const deltas = (type: string, field: string, texts: readonly string[], index = 0) =>
    texts.map((each) => event('content_block_delta', { index, delta: { type, [field]: each } })).join('')
  const text = (texts: readonly string[], index = 0) =>
    event('content_block_start', { index, content_block: { type: 'text', text: '' } }) +
    deltas('text_delta', 'text', texts, index) +
    event('content_block_stop', { index })
  const end = (reason: string) =>
    event('message_delta', { delta: { stop_reason: reason }, usage: { output_tokens: 15 } }) + event('message_stop')
  const halves = [row.slice(0, 9), row.slice(9)]

  test.each<[string, string]>([
    ['of text', start + event('ping') + text(halves) + end('end_turn')],
    [
      'with thoughts before it',
      start + deltas('thinking_delta', 'thinking', ['Hm, {"input": "no"}']) + text(halves, 1) + end('end_turn'),
    ],
    ['in several blocks', start + text([halves[0]!]) + text([halves[1]!], 1) + end('stop_sequence')],
    ['without the names of its events', (start + text(halves) + end('end_turn')).replaceAll(/^event: .*\n/gm, '')],
  ])('%s is read', (_, body) => {
    expect(read(body)).toMatchObject({ text: row, truncated: false, model: 'claude', inputTokens: 7, outputTokens: 15 })
    expect(read(body)).not.toHaveProperty('stopped')
  })

  test('what is not whole says so', () => {
    expect(read(start + text([halves[0]!]) + end('max_tokens'))).toMatchObject({ truncated: true })
    expect(read(start + text(halves))).toMatchObject({ stopped: 'the stream broke off' })
    expect(read(start + text(['I cannot']) + end('refusal'))).toMatchObject({ refused: true })
    const overloaded = event('error', { error: { type: 'overloaded_error', message: 'Overloaded' } })
    expect(read(start + text([halves[0]!]) + overloaded)).toMatchObject({ stopped: 'error' })
  })
})

const choiceWith = (more: object) => ({ choices: [{ message: { role: 'assistant', content: row }, ...more }] })

/** Where makers' own APIs, and gateways, say how a reply ended: the body of one that was cut off and of a whole one. */
test.each<[string, (end: string | boolean) => unknown, string | boolean, string | boolean]>([
  ['Titan', (end) => ({ results: [{ outputText: row, completionReason: end }] }), 'LENGTH', 'FINISH'],
  ['AI21', (end) => ({ completions: [{ data: { text: row }, finishReason: { reason: end } }] }), 'length', 'endoftext'],
  [
    'Aleph Alpha',
    (end) => ({ completions: [{ completion: row, finish_reason: end }] }),
    'maximum_tokens',
    'end_of_text',
  ],
  ['llama.cpp', (end) => ({ content: row, stop: true, stop_type: end }), 'limit', 'word'],
  ['older llama.cpp', (end) => ({ content: row, stop: true, stopped_limit: end }), true, false],
  ['TGI', (end) => [{ generated_text: row, details: { finish_reason: end } }], 'length', 'eos_token'],
  [
    'Yandex',
    (end) => ({ result: { alternatives: [{ message: { role: 'assistant', text: row }, status: end }] } }),
    'ALTERNATIVE_STATUS_TRUNCATED_FINAL',
    'ALTERNATIVE_STATUS_FINAL',
  ],
  ['ERNIE', (end) => ({ result: row, is_truncated: end, usage: { total_tokens: 3 } }), true, false],
  ['Azure', (end) => choiceWith({ finish_details: { type: end } }), 'max_tokens', 'stop'],
  ['OpenRouter', (end) => choiceWith({ finish_reason: 'stop', native_finish_reason: end }), 'MAX_TOKENS', 'eos found'],
  ['LM Studio', (end) => ({ ...choiceWith({}), stats: { stop_reason: end } }), 'maxPredictedTokensReached', 'eosFound'],
  ['a flag', (end) => choiceWith({ truncated: end }), true, false],
  [
    'Responses without details',
    (end) => ({
      object: 'response',
      status: end,
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: row }] }],
    }),
    'incomplete',
    'completed',
  ],
  ['SGLang', (end) => ({ text: row, meta_info: { finish_reason: { type: end, length: 5 } } }), 'length', 'stop'],
  ['vLLM', (end) => choiceWith({ finish_reason: end, stop_reason: '</row>' }), 'length', 'stop'],
])('a reply that was cut off is known as such, wherever that stands: %s', (_, bodyOf, cut, whole) => {
  const endOf = (end: string | boolean) => read(bodyOf(end))
  expect(endOf(cut)).toMatchObject({ text: row, truncated: true })
  expect(endOf(whole)).toMatchObject({ text: row, truncated: false })
  expect(endOf(whole)).not.toHaveProperty('stopped')
})
