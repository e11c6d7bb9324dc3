import { describe, expect, test } from 'vitest'
import { promptRows } from '../../../../agents/generator/llm/graph.ts'
import { RevisionLimits } from '../../../../agents/generator/llm/options.ts'
import type { RunHooks } from '../../../../agents/generator/llm/read-reply.ts'
import { contentOf } from '../../../../agents/kit/teacher/completion.ts'
import { shown } from '../../../../agents/kit/teacher/quoted.ts'
import type { ChatRequest } from '../../../../agents/kit/teacher/request.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask } from '../../../../tasks/load.ts'
import { promptProgram } from '../../../support/prompt-program.ts'
import { shardOf } from '../../../support/shards.ts'

const task = await loadTask(bundledTask)
const row = { input: 'A pen costs 2.50. What do 2 cost?', output: '2 times 2.50 is \\boxed{5.00}.' }
const text = JSON.stringify(row)
const qa = `Q: ${row.input}\nA: ${row.output}`
const draft =
  '{"input": "DRAFT of a question that is long", "output": "DRAFT of an answer which is wrong \\\\boxed{0.00}"}'

/** What one index becomes of the replies given, the last of them again and again, and what its teacher was asked. */
async function rowsOf(replies: readonly { content: string; finish?: unknown }[], hasParse = false) {
  const asked: ChatRequest[] = []
  const seen: unknown[] = []
  const program = promptProgram({ rows: 10, template: 'Write problem number {{index}}.', parameters: {} })
  const [first] = program.sources
  if (first?.kind !== 'prompt') throw new Error('a prompt source is wanted')
  const source = { ...first, ...(hasParse && { hooks: { parse: '(reply) => null', maxExpanded: 1 } }) }
  const hooks: RunHooks = async (given) => {
    seen.push(given)
    const [, input, output] = ('reply' in given && /Q: *(.+)\n+A: *([\s\S]+)/.exec(given.reply)) || []
    return input && output ? { kind: 'rows', rows: [{ input, output }] } : { kind: 'none' }
  }
  const unused: string[] = []
  const made = await promptRows(
    shardOf({ from: 0, count: 1 }),
    source,
    {
      program,
      task,
      limits: RevisionLimits.parse({}),
      unused: (fields) => void unused.push(...fields),
      hooks: hasParse ? hooks : null,
      call: async (_, request) => {
        const { content, finish = 'stop' } = replies[Math.min(asked.length, replies.length - 1)]!
        asked.push(request)
        const reply = { ...contentOf(content, finish), refused: false, model: 'm', inputTokens: 1, outputTokens: 1 }
        return { promptHash: 'a'.repeat(64), reply }
      },
    },
    new AbortController().signal,
  )
  const rows = made.candidates.map(({ input, output }) => ({ input, output }))
  return { rows, failures: made.failures, asked, seen, unused }
}

const cutText = 'not usable: it was cut off at the token limit'
const thinking = 'not usable: no answer came after its thoughts'

describe('a reply that is not whole is asked for again, and lost for a reason of its own', () => {
  test.each([
    ['length', text, 'length', 'truncated', cutText],
    ['MAX_TOKENS', text, 'MAX_TOKENS', 'truncated', cutText],
    ['model_length, a fence around', `\`\`\`json\n${text}`, 'model_length', 'truncated', cutText],
    ['content_filter', text, 'content_filter', 'teacher', 'not usable: its endpoint ended it early ("content_filter")'],
    ['error', text, 'error', 'teacher', 'not usable: its endpoint ended it early ("error")'],
    ['a word that nobody knows', text, 'preempted', 'teacher', 'not usable: its endpoint ended it early ("preempted")'],
    [
      'thoughts cut off',
      `<think>${draft}`,
      'length',
      'truncated',
      'not usable: its thoughts were cut off at the token limit',
    ],
    ['thoughts without end', `<think>${draft}`, 'stop', 'truncated', thinking],
    ['a draft without end', `<plan>${draft}`, 'stop', 'truncated', thinking],
    ['a draft without end, in a tag of its own', `<inner_voice>${draft}`, 'stop', 'truncated', thinking],
    ['a draft alone', `<draft>${draft}</draft>`, 'stop', 'truncated', thinking],
    ['thoughts alone', `<|channel|>analysis<|message|>${draft}<|end|>`, 'stop', 'truncated', thinking],
    ['more than is read', `${'x'.repeat(200_000)}${text}`, 'stop', 'truncated', cutText],
  ])('%s', async (_, content, finish, kind, reason) => {
    const lost = await rowsOf([{ content, finish }])
    const reported = kind === 'truncated' ? `${reason}; a reply began: "${shown(content, 160)}"` : reason
    expect(lost).toMatchObject({ rows: [], failures: [{ index: 0, kind, reason: reported }] })
    expect(lost.asked).toHaveLength(1 + RevisionLimits.parse({}).maxRevisions)
    const again = await rowsOf([{ content, finish }, { content: text }])
    expect(again).toMatchObject({ rows: [row], failures: [] })
    expect(again.asked[1]!.messages.at(-1)!.content).toContain(reason.replace('not usable: ', 'cannot be used: '))
  })

  test.each(['length', 'max_tokens', 'model_length', 'error', 'content_filter'])(
    'and no parse hook sees it: %s',
    async (finish) => {
      const { rows, failures, seen } = await rowsOf([{ content: qa.slice(0, -12), finish }], true)
      expect({ rows, seen }).toEqual({ rows: [], seen: [] })
      expect(failures).toHaveLength(1)
    },
  )

  test('nor one of thoughts that do not end', async () => {
    const { rows, seen } = await rowsOf([{ content: `<think>${qa}\nLet me see` }], true)
    expect({ rows, seen }).toEqual({ rows: [], seen: [] })
  })
})

test.each([
  ['no reason at all', undefined],
  ['null', null],
  ['a number', 1],
  ['another word for it', 'eos_token'],
])('a whole reply is read, its end told by %s', async (_, finish) => {
  expect(await rowsOf([{ content: text, finish: finish === undefined ? '' : finish }])).toMatchObject({ rows: [row] })
})

test('a hook is given the reply without its thoughts', async () => {
  const { rows, seen } = await rowsOf([{ content: `<Thought>Q: DRAFT\nA: DRAFT</Thought>\n${qa}` }], true)
  expect(rows).toEqual([row])
  expect(seen).toEqual([{ reply: qa }])
})

test.each([
  ['in thoughts', `[THINK]${draft}[/THINK]${text}`],
  ['before the final', `${draft}\nFinal: ${text}`],
  ['in a list with it', `[${draft}, ${text}]`],
])('a draft is never the row: %s', async (_, content) => {
  expect(await rowsOf([{ content }])).toMatchObject({ rows: [row], failures: [] })
})

test.each([
  ['the form it was asked for in', '{"input": "<the question>", "output": "<the worked answer>"}'],
  ['a draft whose final does not end', `${draft}\nFinal: ${text.slice(0, -8)}`],
  ['a draft whose final lacks a field', `${draft}\nFinal: {"input": "A pen"}`],
  ['an output that is no text', '{"input": "A pen", "output": ["5"]}'],
])('what is no row is asked for again: %s', async (_, content) => {
  const { rows, failures, asked } = await rowsOf([{ content }])
  expect(rows).toEqual([])
  expect(failures).toMatchObject([{ kind: 'unusable' }])
  expect(asked).toHaveLength(3)
})

test('a number is an output, digit by digit', async () => {
  expect((await rowsOf([{ content: '{"input": "2 times 6.25?", "output": 12.50}' }])).rows).toEqual([
    { input: '2 times 6.25?', output: '12.50' },
  ])
})

test.each(['a\u202eb', 'a\ufeffb'])('a text that no row holds is asked for again: %j', async (input) => {
  const { failures } = await rowsOf([{ content: JSON.stringify({ ...row, input }) }])
  expect(failures).toMatchObject([{ reason: expect.stringContaining('plain text') }])
})

test.each<[string, object, string[]]>([
  ['a confidence', { ...row, confidence: 0.9 }, ['confidence']],
  ['several, before it', { id: 1, difficulty: 'easy', ...row, answer: '5.00' }, ['id', 'difficulty', 'answer']],
  ['an object around it', { row: { ...row, confidence: 0.9 } }, ['confidence']],
  ['none', row, []],
])('fields of a reply that no row takes are told: %s', async (_, object, unused) => {
  expect(await rowsOf([{ content: JSON.stringify(object) }])).toMatchObject({ rows: [row], unused })
})
