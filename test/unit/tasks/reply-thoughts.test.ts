import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withoutThoughts } from '../../../tasks/reply/thoughts.ts'
import { cpuMsOf } from '../../support/cpu-time.ts'

/** What is thought: a draft that is longer than the answer, with a tag in a string of it. */
const draft = 'First {"input": "DRAFT: what does </think> do?", "output": "DRAFT, wrong and long"} no.'
const answer = '{"input": "What does <think> do?", "output": "It begins them, </think> ends them."}'

test.each([
  ['<think>', `<think>${draft}</think>\n\n${answer}`],
  ['words before it', `<think>${draft}</think>\n${answer}`],
  ['capitals', `<THINK>${draft}</Think>${answer}`],
  ['attributes', `<think duration="3">${draft}</think>${answer}`],
  ['blanks', `< think >${draft}</ think >${answer}`],
  ['<thinking>', `<thinking>${draft}</thinking>${answer}`],
  ['<thought>', `<thought>${draft}</thought>${answer}`],
  ['<thoughts>', `<Thoughts>${draft}</Thoughts>${answer}`],
  ['<reason>', `<reason>${draft}</reason>${answer}`],
  ['<reasoning>', `<reasoning>${draft}</reasoning>${answer}`],
  ['<antThinking>', `<antThinking>${draft}</antThinking>${answer}`],
  ['a name of several words', `<chain-of-thought>${draft}</chain-of-thought>${answer}`],
  ['Seed', `<seed:think>${draft}<seed:cot_budget_reflect>50 left</seed:cot_budget_reflect></seed:think>${answer}`],
  ['MiniMax', `<mm:think>${draft}</mm:think>${answer}`],
  ['Magistral', `[THINK]${draft}[/THINK]${answer}`],
  ['brackets', `[REASONING]${draft}[/REASONING]\n${answer}`],
  ['bars', `<|thinking|>${draft}<|/thinking|>${answer}`],
  ['Kimi', `◁think▷${draft}◁/think▷${answer}`],
  ['Sky-T1', `<|begin_of_thought|>${draft}<|end_of_thought|>\n<|begin_of_solution|>${answer}<|end_of_solution|>`],
  ['Command A', `<|START_THINKING|>${draft}<|END_THINKING|><|START_RESPONSE|>${answer}<|END_RESPONSE|>`],
  ['ether0', `<|think_start|>${draft}<|think_end|><|answer_start|>${answer}<|answer_end|>`],
  ['Apertus', `<|inner_prefix|>${draft}<|inner_suffix|>${answer}`],
  ['Solar', `<|think|>${draft}<|end|><|begin|>assistant<|content|>${answer}<|end|>`],
  ['full-width bars', `<｜begin▁of▁thinking｜>${draft}<｜end▁of▁thinking｜>${answer}`],
  ['Gemma 4', `<|channel>thought\n${draft}\n<channel|>${answer}<turn|>`],
  ['Gemma 4 without its beginning', `${draft}\n<channel|>${answer}`],
  ['MedGemma', `<unused94>thought\n${draft}<unused95>${answer}`],
  [
    'Harmony',
    `<|channel|>analysis<|message|>${draft}<|end|><|start|>assistant<|channel|>final<|message|>${answer}<|return|>`,
  ],
  [
    'Harmony without its beginning, with a format',
    `${draft}<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>${answer}`,
  ],
  [
    'Harmony with a comment',
    `<|channel|>analysis<|message|>${draft}<|end|><|start|>assistant<|channel|>commentary<|message|>${draft}<|end|><|start|>assistant<|channel|>final<|message|>${answer}`,
  ],
  ['Harmony without its tokens', `analysisWe write a row. ${draft}assistantfinal${answer}`],
  ['Granite', `Here is my thought process:\n${draft}\n\nHere is my response:\n${answer}`],
  ['Apriel', `Here are my reasoning steps:\n${draft}\n[BEGIN FINAL RESPONSE]\n${answer}\n[END FINAL RESPONSE]`],
  [
    'Open WebUI',
    `<details type="reasoning" done="true" duration="3">\n<summary>Thought</summary>\n> ${draft}\n</details>\n${answer}`,
  ],
  ['full-width tags', `＜think＞${draft}＜/think＞${answer}`],
  ['escaped tags', `&lt;think&gt;${draft}&lt;/think&gt;${answer}`],
  ['an answer in a tag', `<think>${draft}</think>\n<answer>\n${answer}\n</answer>`],
  [
    'thoughts inside thoughts',
    `<thinking>${draft}<reflection>no</reflection>${draft}</thinking><output>${answer}</output>`,
  ],
  ['the same again inside', `<think>a<think>${draft}</think>${draft}</think>${answer}`],
  ['twice', `<think>${draft}</think>\n<think>${draft}</think>\n${answer}`],
  ['no beginning', `Okay. ${draft}\n</think>\n\n${answer}`],
  ['an end of another name', `<thinking>${draft}</think>${answer}`],
  ['an end said twice', `<think>${draft}</think>${answer}</think>`],
  ['tags that are spoken of', `<think>I close with \`</think>\`, as in "<think>". ${draft}</think>${answer}`],
  ['a tag that is spoken of', `<think>I use <think> tags. ${draft}</think>${answer}`],
  ['none in it', `<think>\n\n</think>\n\n${answer}`],
  ['an empty tag', `<think/>${answer}`],
  ['a draft that does not end', `<think>{"input": "DRAFT </think>${answer}`],
  ['none', answer],
])('thoughts are taken off: %s', (_, reply) => {
  const { answer: rest, open } = withoutThoughts(reply)
  expect({ rest: rest.trim(), open }).toEqual({ rest: answer, open: false })
})

test.each([
  ['<think>', `<think>${draft}`],
  ['behind words', `Sure! <think>${draft}`],
  ['with another inside that ends', `<thinking>a <think>b</think> ${draft}`],
  ['ended once of twice', `<think>a<think>b</think>${draft}</think>`],
  ['with nothing behind them', `<think>${draft}</think>\n`],
  ['without their beginning, and nothing behind them', `${draft}</think>`],
  ['begun anew', `<think>${draft}</think>\n<think>${draft}`],
  ['Seed', `<seed:think>${draft}`],
  ['Magistral', `[THINK]${draft}`],
  ['Kimi', `◁think▷${draft}`],
  ['Sky-T1', `<|begin_of_thought|>${draft}`],
  ['Command A', `<|START_THINKING|>${draft}<|END_THINKING|>`],
  ['Gemma 4', `<|channel>thought\n${draft}`],
  ['MedGemma', `<unused94>thought\n${draft}`],
  ['Harmony', `<|channel|>analysis<|message|>${draft}<|end|>`],
  ['Harmony, its next turn begun', `<|channel|>analysis<|message|>${draft}<|end|><|start|>assistant`],
  ['Harmony without its tokens', `analysisWe write a row. ${draft}`],
  ['Open WebUI', `<details type="reasoning" done="false">\n> ${draft}`],
])('thoughts that do not end are reported: %s', (_, reply) => {
  const { answer: rest, open } = withoutThoughts(reply)
  expect(open).toBe(true)
  expect(rest).not.toContain('DRAFT')
})

test.each([
  '<|im_end|>\n<|im_start|>user\n',
  '<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n',
  '<end_of_turn>\n<start_of_turn>user\n',
  '\n<|user|>\n',
  '<｜User｜>',
  '</s>[INST] ',
  '<|end|><|start|>user<|message|>',
  '<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|USER_TOKEN|>',
  '<extra_id_1>User\n',
])('what a model that did not stop writes of a next turn is no part of its reply: %j', (turn) => {
  const { answer: rest } = withoutThoughts(
    `<think>${draft}</think>${answer}${turn}Another.<|im_start|>assistant\n${draft}`,
  )
  expect(rest.startsWith(answer)).toBe(true)
  expect(rest).not.toContain('DRAFT')
})

test.each([
  `<|im_start|>user\nAsked.<|im_end|>\n<|im_start|>assistant\n${answer}`,
  `<|im_start|>system\nAs in {'shown': 1}.<|im_end|>\n<|im_start|>user\nAsked.<|im_end|>\n<|im_start|>assistant\n${answer}`,
  `The token "<|user|>" begins a turn: ${answer}`,
  JSON.stringify({ input: 'What is [INST] or <|im_start|>user?', output: 'A turn. <|user|>' }),
])('a turn of the user before the object, or in it, ends nothing: %s', (reply) => {
  expect(withoutThoughts(reply).answer).toContain(reply.slice(reply.indexOf('{"')))
})

test.each([
  'Use the `<think>` tag, then `</think>`.',
  'a < b and c > d, [1] and [think](https://example.org)',
  '<details><summary>More</summary>text</details>',
  '<p>I think</p> <thoughtful>so</thoughtful> 1 <reasonable> 2',
  'x <|> y, <|custom|>, [reasoning], [thought](a) and {think}',
  'analysis of the text: final',
  'analysisResult = 3\nassistantfinal = 4',
  'Here is my thought process: first the pieces, then the price.',
  '```json\n{"a": "<think>"}\n```',
])('what is no thought stays, blanks and all: %j', (text) => {
  for (const each of [text, `  ${text}\n`]) expect(withoutThoughts(each)).toEqual({ answer: each, open: false })
})

describe('an element that begins a reply, by what its prompt asks for', () => {
  const prompt = 'Write a word problem about a phone plan. Reply with one JSON object and nothing else.'

  test.each([
    '<plan>',
    '<draft>',
    '<Draft>',
    '<first-draft>',
    '<plan type="a">',
    '< plan >',
    '<brainstorm>',
    '<scratch_work>',
    '<outline>',
    '<steps>',
    '<notes>',
    '<inner_voice>',
    '<work>',
    '<let-me-see>',
    '<understanding>',
    '<problem_solving>',
    '&lt;plan&gt;',
    '<|plan|>',
  ])('one that does not end is thoughts that do not end: %s', (tag) => {
    for (const reply of [
      `${tag}${draft}`,
      `\n${tag}\n${draft}`,
      `<think>a</think>${tag}${draft}`,
      `${tag}${draft} <b>x</b>`,
    ]) {
      const { answer: rest, open } = withoutThoughts(reply, prompt)
      expect({ reply, open, hasDraft: rest.includes('DRAFT') }).toEqual({ reply, open: true, hasDraft: false })
    }
  })

  test.each([
    `<plan>${draft}</plan>${answer}`,
    `<Plan>\n${draft}</Plan>\n\n${answer}`,
    `<draft>${draft}</draft><draft>${draft}</draft>${answer}`,
    `<think>${draft}</think><outline n="1">${draft}</outline>${answer}`,
    `<brainstorm>${draft}<think>${draft}</think></brainstorm>\n<answer>${answer}</answer>`,
    `<|plan|>${draft}<|/plan|>${answer}`,
  ])('a draft that ends is taken off: %s', (reply) => {
    const { answer: rest, open } = withoutThoughts(reply, prompt)
    expect({ rest: rest.trim(), open }).toEqual({ rest: answer, open: false })
  })

  test.each([
    '<ul><li>one<li>two</ul>',
    '<p>A paragraph<p>Another',
    '<br>text',
    '<svg width="3"><path d="M0 0"/></svg>',
    '<App title="x" />',
    '<steps><step>1</step></steps>',
    '<T>(x: T) => x',
    '<int>(x)',
    '<json>{"input": "a", "output": "b"}',
    '<answer>{"input": "a", "output": "b"}',
    '<question>How many?\n<answer>3',
    '<bos>text',
    '<start_of_turn>model\ntext',
    '<https://example.org> is a page',
    '<someone@example.org> wrote',
    '<!DOCTYPE html><p>text',
    '<?xml version="1.0"?><note>a</note>',
    'List<int> xs = new List<plan>();',
    'if (a <plan> b) {}',
    'Text with a <plan> in it.',
  ])('what needs no end, or has one, is an answer: %s', (text) => {
    expect(withoutThoughts(text, prompt)).toEqual({ answer: text, open: false })
  })

  test.each([
    ['Reply with <scene> and the text.', '<scene>It rains.', false],
    ['Write XML with the elements scene and actor.', '<scene>It rains.', false],
    ['First write a <plan>, then the text.', '<plan>a</plan>Q: b', false],
    ['First write a <plan>, then the text.', '<plan>a\nQ: b', true],
  ])('what the prompt asks for stays: %s %s', (asked, text, open) => {
    expect(withoutThoughts(text, asked)).toEqual({ answer: open ? '' : text, open })
  })

  test('where no prompt is known, as when a student is scored, it stays', () => {
    expect(withoutThoughts('<plan>a</plan>', undefined)).toEqual({ answer: '<plan>a</plan>', open: false })
  })
})

describe('a reply of any kind', () => {
  const pieces = fc.array(
    fc.constantFrom(
      '<think>',
      '</think>',
      '<|channel|>analysis<|message|>',
      '<|end|>',
      '{"a": "',
      '"}',
      '{',
      'x',
      ' ',
      '[/THINK]',
      '"',
    ),
  )

  test('never gains a character, and without a mark loses none', () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        const { answer: rest, open } = withoutThoughts(parts.join(''))
        expect(rest.length).toBeLessThanOrEqual(parts.join('').length)
        if (parts.every((part) => !/[<[]/.test(part)))
          expect({ rest, open }).toEqual({ rest: parts.join(''), open: false })
      }),
    )
  })

  test.each([
    ['a tag again and again', '<think>'],
    ['tags that end', '<think></think>'],
    ['ends alone', '</think>'],
    ['braces', '<think>{'],
    ['objects that do not end', '<think>{"a":'],
    ['strings that do not end', '<{"a":"'],
    ['quotes that do not end', '<{a:“'],
    ['comments that do not end', '<{/*'],
    ['tags that do not end', '<think '],
    ['channels', '<|channel|>a'],
    ['blanks', '<|channel|> '],
    ['phrases', 'analysisWassistantfinal'],
    ['lists', '<think>{"a":['],
    ['drafts', '<plan>'],
    ['drafts that end', '<plan></plan> '],
    ['elements', '<work>'],
    ['empty thoughts and elements', '<think></think><b>'],
  ])('is read in a time that grows with its length: %s', (_, part) => {
    const timeOf = (times: number) => {
      const text = part.repeat(times)
      const once = () => cpuMsOf(() => void withoutThoughts(text, 'Write a text.'))
      return Math.min(once(), once())
    }
    timeOf(1000)
    // A square would take 100 times as long for ten times the length; the smallest difference that a clock shows is left aside.
    expect(timeOf(100_000)).toBeLessThan(40 * Math.max(5, timeOf(10_000)))
  })
})
