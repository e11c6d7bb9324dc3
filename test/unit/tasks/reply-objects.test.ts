import { describe, expect, test } from 'vitest'
import { lastObject, wholeObject } from '../../../tasks/reply/objects.ts'

const form = { input: '<the question>', output: '<the worked answer>' }
const row = { input: 'How much {in all}?', output: 'A "sum" of 4.' }
const text = JSON.stringify(row)
const draft =
  '{"input": "DRAFT, a long one that is wrong", "output": "DRAFT of an answer which is longer than the final one"}'

test.each([
  ['alone', text],
  ['in a fence', `Here it is:\n\`\`\`json\n${JSON.stringify(row, null, 2)}\n\`\`\`\nDo you want {more}?`],
  ['after a longer draft', `Draft:\n${draft}\n\nThat was wrong. Final version:\n${text}`],
  ['after a draft that does not end', `Draft: {"input": "a", "output": "and then\n\nFinal: ${text}`],
  ['before a remark', `${text}\n{"confidence": 0.9}`],
  [
    'before the form it was asked for in',
    `${text}\nAs asked: {"input": "<the question>", "output": "<the worked answer>"}`,
  ],
  ['before a form with dots', `${text}\nas {"input": "...", "output": "..."}`],
  ['inside another', `{"thoughts": "hm", "row": ${text}}`],
  ['as the final of two inside another', `{"draft": ${draft}, "final": ${text}}`],
  ['in a list', `[${text}]`],
  ['as the last of a list', `[${draft}, ${text}]`],
  ['as the last of several lines', `${draft}\n${text}\n`],
  ['as a text of JSON', JSON.stringify(text)],
  ['behind sets and formulas', String.raw`Of {1, 2} take \frac{1}{2}, {x: x > 0}: ${text}`],
  ['with more fields', text.replace('{', '{"difficulty": "easy", ')],
])('the row is the last object that has its fields: %s', (_, reply) => {
  const found = lastObject(reply, form, true)
  expect('object' in found && found.object).toMatchObject(row)
})

const fenced = (info: string, inside: string, ticks = '```') => `${ticks}${info}\n${inside}\n${ticks}`

test.each([
  ['a fence of thoughts before it', `${fenced('thinking', draft)}\n${text}`],
  ['a fence of thoughts behind it', `${text}\n${fenced('thinking', draft)}`],
  ['a draft in a fence with tildes', `${text}\n${fenced('draft', draft, '~~~')}`],
  ['a fence of reasoning, and its own in one of JSON', `${fenced('reasoning', draft)}\n${fenced('json', text)}`],
  ['a bad example behind it', `${text}\n<bad_example>${draft}</bad_example>`],
  ['the previous output before it', `<previous_output>${draft}</previous_output>${text}`],
  ['one that was rejected', `{"chosen": ${text}, "rejected": ${draft}}`],
  ['alternatives', `{"answer": ${text}, "alternatives": [${draft}, ${draft}]}`],
  ['a draft in its thoughts', `{"row": ${text}, "reasoning": ${draft}}`],
  ['its first draft', `[{"final": ${text}, "firstDraft": ${draft}}]`],
  ['a bad example', `{"good_example": ${text}, "bad_example": ${draft}}`],
  ['one that is struck out', `~~${draft}~~ ${text}`],
  ['one that is struck out behind it', `${text} ~~${draft}~~`],
])('what is taken back is no row: %s', (_, reply) => {
  expect(lastObject(reply, form, true)).toEqual({ object: row })
})

test.each([
  ['a fence of thoughts', fenced('thinking', text)],
  ['a wrong answer', `<wrong_answer>${text}</wrong_answer>`],
  ['a stroke through it', `~~${text}~~`],
])('a reply that is nothing but %s has no row', (_, reply) => {
  expect(lastObject(reply, form, true)).toEqual({ fault: 'broken' })
})

test.each(['rejected', 'thoughts', 'draft', 'first_draft', 'previousAnswer', 'reasoning', 'alternatives'])(
  'a reply that is nothing but a field "%s" has no row',
  (field) => {
    expect(lastObject(JSON.stringify({ [field]: row, answer: null }), form, true)).toEqual({ fault: 'other' })
  },
)

test.each(['row', 'plan', 'answer', 'data', 'question_1', 'notable', 'item', 'finalDraftless'])(
  'a field "%s" holds a row',
  (field) => {
    expect(lastObject(JSON.stringify({ [field]: row }), form, true)).toEqual({ object: row })
  },
)

test.each(['', 'json', 'jsonc', 'text', 'output', 'python', 'my_answer'])('a fence named "%s" holds a row', (info) => {
  expect(lastObject(fenced(info, text), form, true)).toEqual({ object: row })
})

test.each([
  ['nothing', 'I cannot do that.', 'none'],
  ['a remark', '{"confidence": 0.9}', 'other'],
  ['its end cut off', text.slice(0, -1), 'broken'],
  ['its text cut off', text.slice(0, -8), 'broken'],
  ['a draft, and the final cut off', `Draft: ${draft}\nFinal: ${text.slice(0, -8)}`, 'broken'],
  ['a draft, and the final cut off in its first field', `${draft}\n{"input": "How`, 'broken'],
  [
    'a draft, and quotes in the final that nobody escaped',
    `${draft}\nFinal: {"input": "a", "output": "the "big" ones"}`,
    'broken',
  ],
  ['a quote that ends a text too early', '{"input": "a", "output": "the set "b} c"}', 'broken'],
  ['a list cut off behind a row', `[${text}, {"input": "How`, 'broken'],
])('a reply without a whole one says so: %s', (_, reply, fault) => {
  expect(lastObject(reply, form, true)).toEqual({ fault })
})

test('a final object that lacks a field is not replaced by a draft', () => {
  expect(lastObject(`${draft}\nFinal: {"input": "a"}`, form, true)).toEqual({ object: { input: 'a' } })
})

describe('JSON as models write it', () => {
  const wanted = { input: 'a', output: 'b' }
  test.each([
    ['a line end', '{"input": "a", "output": "Step 1:\nStep 2"}', 'Step 1:\nStep 2'],
    ['tabs and carriage returns', '{"input": "a", "output": "1:\t2\r\n3"}', '1:\t2\r\n3'],
    ['a comma too many', '{"input": "a", "output": "b",}', 'b'],
    ['commas too many', '{"input": "a", "output": "b", "tags": ["x",], }', 'b'],
    ['comments', '{\n  // it\'s the question\n  "input": "a", /* "output": */ "output": "b" // worked\n}', 'b'],
    ['comments of Python', '{"input": "a", # the question\n "output": "b # 2"}', 'b # 2'],
    ['backward quotes', '{"input": "a", "output": `say "b"\nand \'c\'`}', 'say "b"\nand \'c\''],
    ['single quotes', "{'input': 'a', 'output': 'say \"b\" it\\'s'}", 'say "b" it\'s'],
    ['Python', `{'input': 'a', "output": "it's", 'ok': True, 'x': None}`, "it's"],
    ['typographic quotes', '{“input”: “a”, “output”: “He said “b”, twice”}', 'He said “b”, twice'],
    ['typographic quotes of one kind', '{”input”: ”a”, ”output”: ”b "c" d”}', 'b "c" d'],
    ['keys without quotes', '{input: "a", output: "b"}', 'b'],
    ['a number', '{"input": "a", "output": 12.50}', '12.50'],
    ['a number of many digits', '{"input": "a", "output": 12345678901234567890}', '12345678901234567890'],
    ['a negative number', '{"input": "a", "output": -1.5e10}', '-1.5e10'],
    ['a truth value', '{"input": "a", "output": false}', 'false'],
    ['no-break spaces', '{"input":\u00a0"a",\u00a0"output":\u00a0"b"}', 'b'],
    ['a byte-order mark', '\uFEFF{"input": "a", "output": "b"}', 'b'],
    ['escapes', String.raw`{"input": "a", "output": "\"\\\/\u00e9\n\t"}`, '"\\/é\n\t'],
  ])('is read as it is meant: %s', (_, json, output) => {
    const found = lastObject(json, form, true)
    expect('object' in found && found.object).toMatchObject({ ...wanted, output })
  })

  test.each([
    ['no comma', '{"input": "a" "output": "b"}'],
    ['texts without quotes', '{"input": a, "output": b c}'],
    ['an apostrophe in single quotes', "{'input': 'Nadia's', 'output': 'b'}"],
    ['another bracket', '{"input": "a", "output": ["b"}'],
    ['a number that is none', '{"input": "a", "output": 1.2.3}'],
    ['a formula', '{"input": "a", "output": 1/2}'],
    ['no value', '{"input": "a", "output": }'],
    ['NaN', '{"input": "a", "output": NaN}'],
    ['nesting without end', `{"input": "a", "output": ${'['.repeat(200)}${']'.repeat(200)}}`],
  ])('is not guessed at: %s', (_, json) => {
    expect(lastObject(json, form, true)).toEqual({ fault: 'broken' })
  })

  test('numbers stay numbers where no row is read', () => {
    expect(lastObject('{"sources": [{"rows": 60, "on": True}],}', { sources: '' }, false)).toEqual({
      object: { sources: [{ rows: 60, on: true }] },
    })
  })
})

test('an object is a whole text, but for a fence', () => {
  const score = { mark: 'm', score: 5, reason: 'Right.' }
  const json = JSON.stringify(score)
  for (const each of [
    json,
    `\n ${json}\n`,
    `\`\`\`json\n${json}\n\`\`\``,
    `\`\`\`JSON\n${json}\n\`\`\``,
    `\`\`\`\n${json.replace('}', ',}')}\n\`\`\``,
  ])
    expect(wholeObject(each)).toEqual(score)
  for (const each of [`Here: ${json}`, `${json} Done.`, `${json}\n${json}`, `[${json}]`, json.slice(0, -1), ''])
    expect(wholeObject(each)).toBeUndefined()
})

const plain = '{"input": "2 + 2", "output": "4"}'

test.each([
  `Sure, here it is.\n<ponder>First try: ${plain} Hmm, no`,
  `<mull>ok</mull><ponder>First try: ${plain}`,
  `<mull>Try ${plain} ok</mull>`,
  `<_think>First try: ${plain}`,
  `‹思考>First try: ${plain}`,
  `<überlegung>Versuch: ${plain}`,
  `<мысли>сначала ${plain}`,
  `\u200b<ponder>First try: ${plain}`,
  `**<mull>** try ${plain}`,
  `<mull_notes>try ${plain}`,
  `[PLAN] first ${plain} then`,
  `‹!-- first try: ${plain}`,
  `<!-- first try: ${plain} -->`,
])('a draft among the words of an element is no row: %s', (text) => {
  expect(lastObject(text, { input: '…', output: '…' }, true)).toEqual({ fault: 'broken' })
})

test.each([
  `<ponder>First try: {"input": "a", "output": "b"}</ponder>\n${plain}`,
  `<!-- a remark -->${plain}`,
  `[PLAN] think [/PLAN] ${plain}`,
  `<row>${plain}</row>`,
  `<qa_pair>\n\`\`\`json\n${plain}\n\`\`\`\n</qa_pair>`,
  `<answer>Here you are: ${plain}</answer>`,
  `<div>Here you are:<br>${plain}</div>`,
  `A List<Item> and a Map<String, Item>: ${plain}`,
  `The tag "<ponder>" is not used here: ${plain}`,
  `[NOTE] As asked: ${plain}`,
  `5 < 6 and 7 > 3: ${plain}`,
])('what is no draft stays a row: %s', (text) => {
  expect(lastObject(text, { input: '…', output: '…' }, true)).toEqual({ object: JSON.parse(plain) })
})
