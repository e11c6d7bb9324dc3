import { afterAll, describe, expect, test } from 'vitest'
import type { Graded } from '../../../../agents/evaluator/scorer/grading.ts'
import { causesOf, type Deps, findCauses } from '../../../../agents/evaluator/scorer-and-analyst/graph.ts'
import {
  countHypothesis,
  fisher,
  judged,
  splitItems,
} from '../../../../agents/evaluator/scorer-and-analyst/hypotheses.ts'
import { AnalysisLimits } from '../../../../agents/evaluator/scorer-and-analyst/options.ts'
import type { Reply } from '../../../../agents/kit/teacher/completion.ts'
import { openSandbox } from '../../../../tasks/sandbox/sandbox.ts'

const sandbox = openSandbox()
afterAll(() => sandbox[Symbol.asyncDispose]())
const signal = new AbortController().signal

/** An item about `input` that was answered right or wrong. */
const item = (id: number, input: string, strict: boolean): Graded => ({
  item: { id: `v${id}`, part: 'in-template', skill: 'sum', instruction: 'Add.', input, answer: '4', coreKey: `v${id}` },
  reply: strict ? '4' : '5',
  outcome: { id: `v${id}`, part: 'in-template', skill: 'sum', strict, lenient: strict, truncated: false },
  score: { strict, lenient: strict, extracted: strict ? '4' : '5', reason: 'right' } as Graded['score'],
})
/** Of 120 items every third holds "minus", and nine of ten of those are wrong; of the others one in ten. */
const graded = Array.from({ length: 120 }, (_, id) => {
  const minus = id % 3 === 0
  const rare = id % 10 === 0
  return item(id, minus ? `7 minus 3, number ${id}` : `2 plus 2, number ${id}`, minus ? rare : !rare)
})

const limits = AnalysisLimits.parse({})
const about = (test: string, statement = 'it holds "minus"') => ({ statement, test })
const minus = about('({ input }) => input.includes("minus")')

/** A model that says these replies, one after the other. */
function deps(replies: readonly (string | { failure: string })[]): Deps & { asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    name: 'all',
    task: { title: 'Sums', description: 'Sums of two numbers.' },
    mode: 'strict',
    sandbox,
    limits,
    temperature: 0,
    async call(name, { messages }) {
      const next = replies[asked.length] ?? ''
      asked.push(`${name}: ${messages.map(({ content }) => content).join('\n')}`)
      if (typeof next !== 'string')
        return { promptHash: 'x', failure: { ok: false, why: 'budget', reason: next.failure } }
      return { promptHash: 'x', reply: { text: next, truncated: false } as Reply }
    },
  }
}
const replyWith = (...hypotheses: unknown[]) => `Thoughts first.\n\n${JSON.stringify({ hypotheses })}`

describe('counting a hypothesis', () => {
  test('the exact test gives the values of a table that is known (Fisher 1934: tea tasting, 3 and 4 of 4)', () => {
    expect(fisher({ wrong: 3, total: 4 }, { wrong: 1, total: 4 })).toBeCloseTo(17 / 70, 10)
    expect(fisher({ wrong: 4, total: 4 }, { wrong: 0, total: 4 })).toBeCloseTo(1 / 70, 10)
    expect([
      fisher({ wrong: 0, total: 4 }, { wrong: 4, total: 4 }),
      fisher({ wrong: 0, total: 0 }, { wrong: 1, total: 9 }),
    ]).toEqual([1, 1])
  })

  test.each([
    ['a test that throws', '() => { throw new Error("no") }', /no/],
    ['a text that is no function', '42', /function/],
    ['a text that does not parse', '(item) => {', /./],
    ['an endless loop', '() => { for (;;) {} }', /./],
    ['a test that reaches for the machine', '() => process.env.HOME', /process/],
  ])('%s costs that hypothesis alone', async (_, source, fault) => {
    const counted = await countHypothesis(about(source), graded, { mode: 'strict', sandbox })
    expect(counted).toMatchObject({ pValue: 1, with: { wrong: 0, total: 0 }, fault: expect.stringMatching(fault) })
    expect(judged([counted], limits)[0]!.holds).toBe(false)
  })

  test('what is not exactly true is no property, and a few items are too few', async () => {
    const truthy = await countHypothesis(about('() => "yes"'), graded, { mode: 'strict', sandbox })
    expect(truthy.with.total).toBe(0)
    const rare = await countHypothesis(about('({ input }) => /number (3|6|9)$/.test(input)'), graded, {
      mode: 'strict',
      sandbox,
    })
    expect(judged([{ ...rare, pValue: 1e-9 }], limits)[0]!.holds).toBe(false)
  })

  test('the level is divided by the number of hypotheses', () => {
    const one = { ...minus, with: { wrong: 9, total: 9 }, without: { wrong: 1, total: 9 }, pValue: 0.04 }
    expect(judged([one], limits).map(({ holds }) => holds)).toEqual([true])
    expect(judged([one, one], limits).map(({ holds }) => holds)).toEqual([false, false])
  })

  test('of either kind half at most is shown, and what is shown is not counted', () => {
    const { wrong, right, others } = splitItems(graded.slice(0, 20), 'strict', { shownWrong: 100, shownRight: 100 })
    const [allWrong, allRight] = [false, true].map((is) =>
      graded.slice(0, 20).filter(({ outcome }) => outcome.strict === is),
    )
    expect([wrong.length, right.length]).toEqual([Math.floor(allWrong!.length / 2), Math.floor(allRight!.length / 2)])
    const ids = [...wrong, ...right, ...others].map(({ item }) => item.id)
    expect(new Set(ids).size).toBe(20)
  })
})

describe('the analyst', () => {
  test('keeps what holds over the items that the model has not seen, with its counts', async () => {
    const model = deps([replyWith(minus, about('({ input }) => input.includes("number")', 'it holds a number'))])
    const analysis = await findCauses(graded, model, signal)
    const [cause, ...more] = causesOf(analysis)
    expect(more).toEqual([])
    expect(cause).toMatchObject(minus)
    const counted = cause!.with.total + cause!.without.total
    expect(counted).toBe(graded.length - analysis.shown.length)
    expect(cause!.with.wrong / cause!.with.total).toBeGreaterThan(0.8)
    expect(analysis).toMatchObject({ fault: null, hypotheses: [{ holds: true }, { holds: false }] })
    for (const id of analysis.shown)
      expect(model.asked[0]).toContain(graded.find(({ item }) => item.id === id)!.item.input)
    const hidden = graded.filter(({ item }) => !analysis.shown.includes(item.id))
    for (const { item } of hidden) expect(model.asked[0]).not.toContain(`${item.input}"`)
  })

  test('a reply that cannot be used is asked for again, and then the report says so', async () => {
    const again = deps(['I think it is hard.', replyWith(minus)])
    expect(causesOf(await findCauses(graded, again, signal))).toHaveLength(1)
    expect(again.asked).toHaveLength(2)
    const never = deps(['I think it is hard.', '{"hypotheses": []}', 'not reached'])
    expect(await findCauses(graded, never, signal)).toMatchObject({
      hypotheses: [],
      fault: expect.stringContaining('could not be used'),
    })
    expect(never.asked).toHaveLength(2)
    const refused = deps([{ failure: 'no call is left' }])
    expect(await findCauses(graded, refused, signal)).toMatchObject({
      hypotheses: [],
      fault: 'the analyst: no call is left',
    })
  })

  test('where nothing is wrong nobody is asked', async () => {
    const model = deps([])
    const right = graded.map(({ item: { id, input } }) => item(Number(id.slice(1)), input, true))
    expect(await findCauses(right, model, signal)).toMatchObject({ hypotheses: [], fault: 'too few items are wrong' })
    expect(model.asked).toEqual([])
  })
})
