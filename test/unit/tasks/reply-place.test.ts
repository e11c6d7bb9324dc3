import { expect, test } from 'vitest'
import { lastObject } from '../../../tasks/reply/objects.ts'
import { withoutThoughts } from '../../../tasks/reply/thoughts.ts'
import { cpuMsOf } from '../../support/cpu-time.ts'

const draft = '{"input": "DRAFT q", "output": "DRAFT a"}'
const final = '{"input": "final q", "output": "final a"}'

/** The row that a reply holds, as a generator reads it. */
function rowIn(reply: string): unknown {
  const { answer, open } = withoutThoughts(reply, 'Reply with one JSON object and nothing else.')
  const found = open ? {} : lastObject(answer, { input: '…', output: '…' }, true)
  return 'object' in found ? found.object : null
}

test.each([
  ['double braces', `{{think}}${draft}{{/think}}${final}`],
  ['double braces with blanks', `{{ thinking }}${draft}{{ /thinking }}\n${final}`],
  ['double braces behind it', `${final}\n{{reflection}}${draft}{{/reflection}}`],
  ['parentheses', `(thinking) ${draft} (/thinking) ${final}`],
  ['a remark in parentheses', `(thinking) Fine: ${final}`],
  ['a link with such a path', `${final}\nSee [the docs](/thinking).`],
  ['a place of a template', `{{name}} becomes a name: ${final} {{/name}}`],
  ['name tokens', `<|name|>x ${draft} hm<|/name|>\n${final}`],
  ['begin_of_thought', `<|begin_of_thought|>try ${draft} no<|end_of_thought|>\n${final}`],
  ['channel x', `<|channel|>x<|message|>try ${draft}<|end|><|start|>assistant<|channel|>final<|message|>${final}`],
  ['begin_of_x span', `<|begin_of_musing|>${draft}<|end_of_musing|>${final}`],
  ['object then draft in element', `${final}\n<ponder>another idea: ${draft}</ponder>`],
  ['object then draft in wrapper', `${final}\n<scratchpad_2>${draft}</scratchpad_2>`],
  ['object then draft in mull', `${final}\n<mull>${draft}</mull>`],
  ['draft in mull then final', `<mull>${draft}</mull>\n${final}`],
  ['answer', `<answer>${final}</answer>`],
  ['json', `<json>${final}</json>`],
  ['output', `<output>${final}</output>`],
  ['response', `<response>${final}</response>`],
  ['result', `<result>${final}</result>`],
  ['final_answer', `<final_answer>${final}</final_answer>`],
  ['row', `<row>${final}</row>`],
  ['qa_pair', `<qa_pair>${final}</qa_pair>`],
  ['task', `<task>${final}</task>`],
  ['problem', `<problem>${final}</problem>`],
  ['sample_1', `<sample_1>${final}</sample_1>`],
  ['document', `<document>${final}</document>`],
  ['two answers', `<ponder>${draft}</ponder><answer>${final}</answer>`],
  ['answer then critique', `<answer>${final}</answer><critique>better: ${draft}</critique>`],
  ['answer then revised plain', `<answer>${draft}</answer>\nRevised: ${final}`],
  ['im_end', `${final}<|im_end|>`],
  ['eot', `${final}<|eot_id|>`],
  ['endoftext', `${final}<|endoftext|>`],
  ['im_start', `<|im_start|>assistant\n${final}<|im_end|>`],
  ['start_header', `<|start_header_id|>assistant<|end_header_id|>\n\n${final}<|eot_id|>`],
  ['assistant token', `<|assistant|>${final}`],
  ['assistant end', `<|assistant|>\n${final}<|end|>`],
  ['begin_of_text', `<|begin_of_text|>${final}<|end_of_text|>`],
  ['python_tag', `<|python_tag|>${final}`],
  ['begin_of_box', `<|begin_of_box|>${final}<|end_of_box|>`],
  ['json token', `<|json|>${final}<|/json|>`],
  ['message', `<|message|>${final}<|end|>`],
  ['constrain', `<|channel|>final<|constrain|>json<|message|>${final}<|return|>`],
  ['START_RESPONSE', `<|START_RESPONSE|>${final}<|END_RESPONSE|>`],
  ['answer_start', `<|answer_start|>${final}<|answer_end|>`],
  ['bos', `<s>${final}</s>`],
  ['fullwidth end', `${final}<｜end▁of▁sentence｜>`],
  ['tool_call', `<tool_call>${final}</tool_call>`],
  ['fim', `<|fim_middle|>${final}`],
  ['token reasoning chain', `<|cot|>${draft}<|/cot|>${final}`],
  ['nested unknown', `<a1><b1>x ${draft}</b1></a1>${final}`],
  ['details', `<details><summary>Draft</summary>${draft}</details>\n${final}`],
  ['final then details', `${final}\n<details><summary>Other idea</summary>${draft}</details>`],
  ['final then comment', `${final}\n<!-- or ${draft} -->`],
  ['final then think', `${final}\n<think>or ${draft}</think>`],
  ['final then bracket plan', `${final}\n[PLAN]or ${draft}[/PLAN]`],
  ['final then unknown token', `${final}\n<|musing|>or ${draft}<|/musing|>`],
  ['final then open unknown', `${final}\n<musing>or ${draft}`],
  ['plain two', `${draft}\n${final}`],
  ['function', `<function=row>${final}</function>`],
  ['function_calls', `<function_calls><invoke name="row">${final}</invoke></function_calls>`],
  ['dataset', `<dataset>${final}</dataset>`],
  ['jsonl', `<jsonl>${final}</jsonl>`],
  ["Phi's dummy token", `<|assistant|><|dummy_86|>${final}<|end|>`],
  ["Phi's placeholder", `<|placeholder1|>${final}`],
  ["Aya's turn", `<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>${final}<|END_OF_TURN_TOKEN|>`],
  ["T5's sentinel", `<extra_id_0>${final}`],
  ["Nemotron's turn", `<extra_id_1>Assistant\n${final}`],
  ["Gemma's unused token", `<unused12>${final}`],
  ["Gemma's thoughts", `<unused94>${draft}<unused95>${final}`],
])('the last object outside of elements and special tokens that name no answer is the row: %s', (_, reply) => {
  expect(rowIn(reply)).toEqual(JSON.parse(final))
})

test.each([
  ['begin_of_thought only', `<|begin_of_thought|>try ${final} no<|end_of_thought|>`],
  ['channel x only', `<|channel|>x<|message|>${final}`],
  ['unknown token span, only object', `<|ponder|>First try: ${final} hm<|/ponder|>`],
  ['unknown token span bare object', `<|ponder|>${final}<|/ponder|>`],
  ['unknown token open', `<|ponder|>First try: ${final} and then`],
  ['begin_of_x only', `<|begin_of_musing|>try ${final}<|end_of_musing|>`],
  ['scratchpad only', `<scratchpad>${final}</scratchpad>`],
  ['ponder wrapper only', `<ponder>${final}</ponder>`],
  ['mull wrapper only fence', `<mull>\n\`\`\`json\n${final}\n\`\`\`\n</mull>`],
  ['two in unknown', `<ponder>${draft} or ${final}</ponder>`],
  ['two unknown elements', `<v1>${draft}</v1><v2>${final}</v2>`],
  ['two bare unknown tokens', `<|alpha|>${draft}<|beta|>${final}`],
  ['reserved token', `<|reserved_special_token_5|>${draft}<|reserved_special_token_6|>${final}`],
  ['an end that nobody saw begin', `${final} hm</musing>`],
  ['a token that ends what nobody saw begin', `${final} hm<|end_of_musing|>`],
  ['an answer inside thoughts of any name', `<musing>as in <answer>${final}</answer></musing>`],
])('no row is made of objects that may be drafts alone: %s', (_, reply) => {
  expect(rowIn(reply)).toBeNull()
})

test.each(['<a', '<|', '<|a', '<|a|>', '<a>', '</a>', '<a ', '[plan]', '<!--', '&lt;', '<|begin_of_'])(
  'a reply of %s alone is read in a time that grows with its length',
  (part) => {
    const ms = (count: number) => cpuMsOf(() => void lastObject(part.repeat(count) + final, { input: '…' }, true))
    ms(1000)
    expect(ms(40_000)).toBeLessThan(1000)
  },
)
