import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Graded, grade } from '../../../../agents/evaluator/scorer/grading.ts'
import { replyScores, trivialScores, worthTelling } from '../../../../agents/evaluator/scorer/trivial.ts'
import { hasCollapsed, modalOf } from '../../../../evidence/report/analyse/replies.ts'
import type { Prediction } from '../../../../schemas/runtime-protocol.ts'
import type { Item, ScorerChoice } from '../../../../schemas/task.ts'
import type { TrivialScore } from '../../../../schemas/trivial.ts'
import { answerForm } from '../../../../tasks/answer-form.ts'
import { asDrawn } from '../../../../tasks/draws.ts'
import { openTaskScorer } from '../../../../tasks/score-with.ts'

const scorerOf = (choice: Partial<ScorerChoice> & { name: string }) =>
  openTaskScorer({ primary: 'strict', options: {}, ...choice })
const exact = scorerOf({ name: 'exact' })

const itemOf = (id: number, answer: string, input = `Question ${id}: what is it?`): Item => ({
  id: `i${id}`,
  part: 'benchmark',
  skill: 'all',
  instruction: 'Name the queue: Billing, Shipping, Returns, Account or Technical.',
  input,
  answer,
  coreKey: `k${id}`,
})
const times = <T>(count: number, of: (index: number) => T) => Array.from({ length: count }, (_, index) => of(index))
const queues = ['Billing', 'Shipping', 'Returns', 'Account', 'Technical']
const tickets = times(100, (id) => itemOf(id, queues[id % 5]!))

const printed = (items: readonly Item[], replyTo: (item: Item, at: number) => string | Partial<Prediction>) =>
  items.map((item, at): Prediction => {
    const reply = replyTo(item, at)
    return {
      id: item.id,
      text: '',
      finish: 'stop',
      tokens: 1,
      ...(typeof reply === 'string' ? { text: reply } : reply),
    }
  })

const shareOf = ({ sheet }: TrivialScore, mode: 'strict' | 'lenient' = 'strict') =>
  sheet.overall[mode].correct / sheet.overall[mode].total
const best = (scores: readonly TrivialScore[], mode: 'strict' | 'lenient' = 'strict') =>
  scores.reduce((one, other) => (shareOf(other, mode) > shareOf(one, mode) ? other : one))

describe('what needs no student', () => {
  test('of balanced labels is one of them; of uneven ones the frequent one', async () => {
    expect(best(await trivialScores(tickets, exact))).toMatchObject({ kind: 'gold', item: 'i0' })
    expect(shareOf(best(await trivialScores(tickets, exact)))).toBe(0.2)
    const uneven = times(100, (id) => itemOf(id, id % 10 === 0 ? 'yes' : 'no'))
    expect(shareOf(best(await trivialScores(uneven, exact)))).toBe(0.9)
  })

  test('of numbers that all differ is hardly anything, and never an error', async () => {
    const sums = times(60, (id) => itemOf(id, String(17 * id + 3)))
    const reported = best(await trivialScores(sums, scorerOf({ name: 'boxed-number' })), 'lenient')
    expect(shareOf(reported, 'lenient')).toBeLessThanOrEqual(2 / 60)
  })

  test('is the question where copying it is right, as a reader that looks for the answer anywhere lets it be', async () => {
    const copied = times(40, (id) => itemOf(id, `word${id}`, `Repeat after me, please: word${id}`))
    const reported = best(await trivialScores(copied, scorerOf({ name: 'contains' })), 'lenient')
    expect(reported).toMatchObject({ kind: 'question' })
    expect(shareOf(reported, 'lenient')).toBe(1)
  })

  test('is the label that the question names, where labels leak into it', async () => {
    const leaked = tickets.map((item) => ({ ...item, input: `[queue: ${item.answer.toLowerCase()}] ${item.input}` }))
    const reported = best(await trivialScores(leaked, exact))
    expect(reported).toMatchObject({ kind: 'named-label' })
    expect(shareOf(reported)).toBe(1)
    expect((await trivialScores(tickets, exact)).map(({ kind }) => kind)).not.toContain('named-label')
  })

  test('is the longest option, where the right one is', async () => {
    const choices = times(40, (id) => {
      const options = times(
        4,
        (at) => `${'ABCD'[at]}. option${at === (7 * id) % 4 ? ' that is explained at length' : ''}`,
      )
      return itemOf(id, 'ABCD'[(7 * id) % 4]!, `Which one?\n${options.join('\n')}`)
    })
    const reported = best(await trivialScores(choices, scorerOf({ name: 'choice' })))
    expect(reported).toMatchObject({ kind: 'longest-option' })
    expect(shareOf(reported)).toBe(1)
  })

  test('is a reply that names every label, where a student gives one', async () => {
    const contains = scorerOf({ name: 'contains' })
    const all = queues.join(', ')
    const graded = await grade(
      tickets,
      printed(tickets, () => all),
      contains,
    )
    const own = await replyScores('final', graded, contains, [])
    expect(shareOf(own[0]!, 'lenient')).toBe(1)
    expect(graded.every(({ outcome }) => outcome.lenient)).toBe(true)
  })

  test('is every label at once, where a student names several in an order of its own', async () => {
    const contains = scorerOf({ name: 'contains' })
    const gradedBy = (replyTo: (item: Item, at: number) => string) =>
      grade(tickets, printed(tickets, replyTo), contains)
    const kindsOf = async (replyTo: (item: Item, at: number) => string) =>
      (await replyScores('final', await gradedBy(replyTo), contains, [])).filter(({ kind }) => kind === 'every-answer')
    const hedged = (_: Item, at: number) => `${at}: ${times(5, (place) => queues[(place + at) % 5]!).join(' ')}`
    const [every] = await kindsOf(hedged)
    expect(shareOf(every!, 'lenient')).toBe(1)
    expect(every).toMatchObject({ studentModel: 'final' })
    expect(await kindsOf(({ answer }, at) => `Ticket ${at} goes to ${answer}`)).toEqual([])
    expect(await kindsOf(({ answer }, at) => (at % 10 === 0 ? `${answer}, not Returns` : answer))).toEqual([])
  })

  test('labels within labels are no several ones', async () => {
    const contains = scorerOf({ name: 'contains' })
    const nested = times(60, (id) => itemOf(id, id % 2 === 0 ? 'positive' : 'very positive'))
    const graded = await grade(
      nested,
      printed(nested, ({ answer }) => answer),
      contains,
    )
    expect((await replyScores('final', graded, contains, [])).map(({ kind }) => kind)).not.toContain('every-answer')
  })

  test('is the first or the largest number of the question, or the label that it names last', async () => {
    const numeric = scorerOf({ name: 'numeric' })
    const first = times(40, (id) => itemOf(id, String(100 + id), `Of ${100 + id} pears and 7 plums, 3 are left?`))
    expect(best(await trivialScores(first, numeric))).toMatchObject({ kind: 'first-number' })
    const largest = times(40, (id) =>
      itemOf(id, String(1000 + id), `Is 3 or 1,${String(id).padStart(3, '0')} or 2 the most?`),
    )
    const reported = best(await trivialScores(largest, numeric))
    expect(reported).toMatchObject({ kind: 'largest-number' })
    expect(shareOf(reported)).toBe(1)
    const last = tickets.map((item, at) => ({ ...item, input: `Not ${queues[(at + 1) % 5]} but ${item.answer}` }))
    expect(best(await trivialScores(last, exact))).toMatchObject({ kind: 'last-label' })
  })

  test('of a script is scored by the script, and a script that fails on a reply is right about nothing', async () => {
    const source =
      'function score(response, item) { if (response === "") throw new Error("no"); return { correct: response === item.answer } }'
    const scores = await trivialScores(tickets.slice(0, 20), scorerOf({ name: 'script', source }))
    expect(shareOf(best(scores))).toBe(0.2)
    expect(shareOf(scores.find(({ kind }) => kind === 'empty')!)).toBe(0)
  })

  test('is told for each part and mode, the best of each, and of a candidate its modal reply', async () => {
    const parts = tickets.map(
      (item, at): Item => ({
        ...item,
        part: at < 50 ? 'in-template' : 'heldout-range',
        answer: at < 50 ? 'Billing' : 'Returns',
      }),
    )
    const graded = await grade(
      parts,
      printed(parts, (_, at) => (at % 3 === 0 ? 'Account' : `no ${at}`)),
      exact,
    )
    const reported = worthTelling(parts, [
      ...(await trivialScores(parts, exact)),
      ...(await replyScores('final', graded, exact, parts)),
    ])
    expect(reported.map(({ kind, item, studentModel }) => [kind, item, studentModel])).toEqual([
      ['gold', 'i0', undefined],
      ['gold', 'i50', undefined],
      ['reply', undefined, 'final'],
    ])
  })

  test('names an item of validation where validation has that answer, and no text', async () => {
    const known = [{ ...itemOf(1, 'Billing'), id: 'validation-9' }]
    const [first] = await trivialScores(tickets, exact, known)
    expect(first).toMatchObject({ kind: 'gold', item: 'validation-9' })
    expect(JSON.stringify(first)).not.toContain('Billing')
  })
})

describe('a reply is no answer', () => {
  const reasonOf = async (reply: string | Partial<Prediction>, scorer = exact, items = tickets) => {
    const graded = await grade(
      items,
      printed(items, (item, at) => (at === 1 ? reply : item.answer)),
      scorer,
    )
    return graded[1]!.outcome.noAnswer ?? null
  }

  test.each<[string, string | Partial<Prediction>, string | null]>([
    ['where it is empty', '  \n', 'empty'],
    ['where it was cut', { text: 'Well, this ticket is about', finish: 'length' }, 'truncated'],
    ['where it is the question', 'Question 1: what is it?', 'echo'],
    ['where it is a piece of the user’s turn', 'Billing, Shipping, Returns, Account', 'echo'],
    ['where it is the question with a word more', 'Question 1: what is it? Hm.', 'echo'],
    ['where it is prose', 'I cannot say which of them it would be.', 'formless'],
    ['where it is a label of no such task', 'Sales', 'formless'],
    ['unless it is right', { text: 'Shipping', finish: 'length' }, null],
    ['unless it is a wrong label', 'Billing', null],
    ['unless it is one but for its form', 'the answer is billing.', null],
  ])('%s', async (_, reply, reason) => {
    expect(await reasonOf(reply)).toBe(reason)
  })

  test('of numbers where the scorer finds none', async () => {
    const sums = times(60, (id) => itemOf(id, String(17 * id + 3)))
    const boxed = scorerOf({ name: 'boxed-number' })
    expect(await reasonOf('It cannot be known.', boxed, sums)).toBe('formless')
    expect(await reasonOf('It is 99.', boxed, sums)).toBeNull()
  })

  test('of free text where it is empty alone', async () => {
    const facts = times(60, (id) => itemOf(id, `capital ${id}`))
    expect(await reasonOf('Lyon', scorerOf({ name: 'contains' }), facts)).toBeNull()
    expect(await reasonOf('Lyon', exact, facts)).toBeNull()
    expect(await reasonOf('', exact, facts)).toBe('empty')
  })

  test('numbers from a few are no labels', async () => {
    const digits = times(60, (id) => itemOf(id, String(id % 4)))
    expect((await answerForm(digits, scorerOf({ name: 'numeric' }))).labels).toEqual([])
    expect((await answerForm(tickets, exact)).labels).toHaveLength(5)
  })
})

describe('a candidate has collapsed', () => {
  const collapsed = async (items: readonly Item[], replyTo: (item: Item, at: number) => string, scorer = exact) => {
    const graded: Graded[] = await grade(items, printed(items, replyTo), scorer)
    const modal = modalOf(await replyScores('final', graded, scorer, []), 'final')
    return hasCollapsed(
      graded.map(({ outcome }) => outcome),
      modal,
      'strict',
    )
  }
  const uneven = (share: number) => times(200, (id) => itemOf(id, (37 * id) % 100 < share * 100 ? 'no' : 'yes'))

  test.each<[string, boolean, readonly Item[], (item: Item, at: number) => string]>([
    ['one label to all', true, tickets, () => 'Billing'],
    ['one label to all but one', true, tickets, (_, at) => (at === 3 ? 'Account' : 'Billing')],
    ['one number to all', true, times(60, (id) => itemOf(id, String(17 * id + 3))), () => '42'],
    ['one answer in many words', true, tickets, (_, at) => `Ticket ${at}. The answer is Billing`],
    [
      'a label to three in five, right to the others',
      false,
      tickets,
      ({ answer }, at) => (at % 5 < 3 ? 'Billing' : answer),
    ],
    ['all right', false, tickets, ({ answer }) => answer],
    ['all wrong, each otherwise', false, tickets, (_, at) => `nothing ${at}`],
    ['no to all, where nine in ten are no', false, uneven(0.9), () => 'no'],
    ['no to all, where seven in ten are no', true, uneven(0.7), () => 'no'],
    ['right on most of seven in ten', false, uneven(0.7), ({ answer }, at) => (at % 4 === 0 ? 'no' : answer)],
    ['two labels in turn', false, tickets, (_, at) => queues[at % 2]!],
  ])('that gives %s: %s', async (_, is, items, replyTo) => {
    expect(await collapsed(items, replyTo)).toBe(is)
  })
})

test('items that ask the same with the same answer are one draw', () => {
  const items = [
    itemOf(1, 'Billing', 'I was charged twice!'),
    itemOf(2, 'Billing', 'i was charged  twice'),
    itemOf(3, 'Returns', 'I was charged twice'),
    itemOf(4, 'Billing', 'I was charged 2 times'),
    { ...itemOf(5, 'Billing', 'I was charged twice.'), group: 'page-7' },
  ]
  expect(asDrawn(items).map(({ group }) => group ?? null)).toEqual(['same:i1', 'same:i1', null, null, 'page-7'])
})

test('of the bundled retention set what needs no student knows little', async () => {
  const read = (file: string) =>
    readFileSync(new URL(`../../../../tasks/retention/${file}`, import.meta.url), 'utf8')
      .trim()
      .split('\n')
  const items = read('items.jsonl').map((line) => JSON.parse(line) as Item)
  const reported = best(await trivialScores(items, scorerOf({ name: 'contains' }), []), 'lenient')
  expect(shareOf(reported, 'lenient')).toBeLessThan(0.25)
})
