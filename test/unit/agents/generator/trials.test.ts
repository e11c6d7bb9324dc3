import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { promptRows } from '../../../../agents/generator/llm/graph.ts'
import { RevisionLimits } from '../../../../agents/generator/llm/options.ts'
import { contentOf } from '../../../../agents/kit/teacher/completion.ts'
import { givenProgram } from '../../../../agents/planner/generate.ts'
import type { Outgoing, PlannerState } from '../../../../agents/planner/state.ts'
import { step } from '../../../../agents/planner/step.ts'
import type { PlannerEvent } from '../../../../agents/planner/step-context.ts'
import type { PlannerStore } from '../../../../agents/planner/store.ts'
import { hashOf } from '../../../../schemas/hash.ts'
import type { PayloadOf } from '../../../../schemas/message.ts'
import { type Round, type Shard, type TrialOutcome, Tried, Verdict } from '../../../../schemas/messages/generation.ts'
import { Program } from '../../../../schemas/program.ts'
import type { Yield } from '../../../../schemas/row.ts'
import type { Item, PublicTask } from '../../../../schemas/task.ts'
import { answerForm } from '../../../../tasks/answer-form.ts'
import { openTaskScorer } from '../../../../tasks/score-with.ts'
import { configOf, refTo } from '../../../support/planner-fixtures.ts'
import { promptProgram } from '../../../support/prompt-program.ts'
import { shardOf } from '../../../support/shards.ts'

type ShardPayload = PayloadOf<typeof Shard>
type Source = { rows: number; answers: boolean }

/** The round that was stored last. */
let opened: Round | undefined
const store: PlannerStore = {
  task: async () => ({}) as PublicTask,
  putProgram: async () => refTo('program'),
  putRound: async (round) => {
    opened = round
    return refTo('round')
  },
  putRows: async () => refTo('rows'),
  getRows: async () => [],
}
const deps = { policy: givenProgram, store, signal: new AbortController().signal }

const revisions = 2
const refusal = 'not usable: it was empty'

/** A run that makes data alone, with generators and critics as the real ones; `answers`: the teacher's replies to a source are usable. */
async function generated(sources: readonly Source[], trialCalls: number | null, aheadCalls = 0) {
  const one = promptProgram({ rows: 1 }).sources[0]!
  const program = Program.parse({
    ...promptProgram({ rows: 1 }),
    sources: sources.map(({ rows }, index) => ({ ...one, id: `source-${index}`, rows })),
  })
  const rows = sources.reduce((sum, source) => sum + source.rows, 0)
  const config = configOf({
    rows,
    generate: { program, contamination: refTo('index') },
    limits: { ...configOf().limits, trialCalls, aheadCalls },
    usableSources: program.sources.map(({ id }) => id),
  })
  const calls = sources.map(() => 0)
  const asked: string[] = []
  let [state, count]: [PlannerState | null, number] = [null, 0]
  const round = new Map<number, ShardPayload>()
  const queue: Pick<PlannerEvent, 'kind' | 'payload'>[] = [{ kind: 'run-started', payload: { config } }]
  const refused = ({ count: indexes, trial, dry }: ShardPayload, source: number) => {
    const used = dry ? 0 : trial === undefined ? indexes * (1 + revisions) : Math.min(trial, indexes * (1 + revisions))
    calls[source]! += used
    return used
  }
  const counts = new Map<string, Yield>()
  for (let event = queue.shift(); event; event = queue.shift()) {
    count += 1
    if (count > 2000) throw new Error('the run does not end')
    state = await step(state, { ...event, id: `e${count}`, at: config.startedAt } as PlannerEvent, deps)
    const sent: Outgoing[] = state.outbox
    state = { ...state, outbox: [] }
    for (const { name, payload } of sent) {
      if (name !== 'shard') continue
      const shard = payload as unknown as ShardPayload
      const source = Number(shard.source.slice('source-'.length))
      if (shard.shard === 0 && !round.has(0)) counts.clear()
      round.set(shard.shard, shard)
      const before = counts.get(shard.source) ?? { asked: 0, generated: 0, admitted: 0, rejected: {} }
      let outcome: TrialOutcome = { usable: true }
      if (sources[source]!.answers) {
        calls[source]! += shard.count
        const admitted = Math.min(shard.count, opened!.quotas[shard.source]! - before.admitted)
        counts.set(shard.source, {
          ...before,
          asked: before.asked + shard.count,
          generated: before.generated + shard.count,
          admitted: before.admitted + admitted,
        })
        for (let at = 0; at < shard.count; at++) asked.push(`${shard.source}.${shard.from + at}`)
      } else {
        const used = refused(shard, source)
        outcome = { usable: false, calls: used, why: refusal }
        const tried = shard.dry ? 0 : Math.min(shard.count, Math.max(1, Math.ceil(used / (1 + revisions))))
        const { unusable = 0, budget = 0 } = before.failed ?? {}
        const failed = { unusable: unusable + tried, budget: budget + shard.count - tried }
        counts.set(shard.source, { ...before, asked: before.asked + shard.count, failed })
      }
      if (shard.trial !== undefined)
        queue.push({
          kind: 'tried',
          payload: Tried.schema.parse({ ...shard.round, shard: shard.shard, source: shard.source, outcome }),
        })
    }
    const [first] = round.values()
    if (first && round.size === opened!.shards) {
      round.clear()
      const kept = [...counts].map(([id, each]) => [
        id,
        JSON.parse(JSON.stringify(each, (_, value) => value || undefined)),
      ])
      const bySource = Object.fromEntries(
        kept.map(([id, each]) => [id, { asked: 0, generated: 0, admitted: 0, rejected: {}, ...each }]),
      )
      const made = state.attempts[0]!.rows + [...counts.values()].reduce((sum, { admitted }) => sum + admitted, 0)
      counts.clear()
      const spent = { calls: calls.reduce((sum, each) => sum + each, 0), inputTokens: 0, outputTokens: 0 }
      const before = state.attempts[0]!.spent?.calls ?? 0
      queue.push({
        kind: 'verdict',
        payload: Verdict.schema.parse({
          attempt: 1,
          round: state.attempts[0]!.round,
          bySource,
          rows: made,
          dataset: refTo(`rows-${made}`),
          datasetHash: hashOf(made),
          spent: { ...spent, calls: spent.calls - before },
        }),
      })
    }
  }
  return { state: state!, calls, asked: asked.toSorted() }
}

const source = fc.record({ rows: fc.integer({ min: 1, max: 150 }), answers: fc.boolean() })

describe('the trials of a run', () => {
  test.each([
    [[400]],
    [[80, 80, 80, 80, 80]],
    [[6]],
    [[2, 2, 2]],
    [Array.from({ length: 12 }, () => 30)],
    [Array.from({ length: 40 }, () => 10)],
  ])('Y1 a teacher that answers nothing usable costs 25 calls at most: %j', async (rows) => {
    const { state, calls } = await generated(
      rows.map((each) => ({ rows: each, answers: false })),
      24,
    )
    expect(calls.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(25)
    expect(state).toMatchObject({ phase: 'done', status: 'failed', stopReason: 'teacher-unavailable' })
    expect(state.attempts[0]!.error).toContain(refusal)
  })

  test('Y2 a source that is never answered usably costs what its trial may, wherever it stands, and the others reach their rows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(source, { minLength: 1, maxLength: 12 }), async (sources) => {
        fc.pre(sources.some(({ answers }) => answers))
        const { state, calls } = await generated(sources, 24)
        const wanted = sources.reduce((sum, { rows, answers }) => sum + (answers ? rows : 0), 0)
        expect(state.phase).toBe('done')
        expect(state.attempts[0]!.rows).toBe(wanted)
        for (const [index, { answers, rows }] of sources.entries())
          if (!answers) expect(calls[index]).toBeLessThanOrEqual(rows > 8 ? 24 : 3 * 24)
        const refused = sources.filter(({ answers }) => !answers)
        expect(state.stopReason === 'rows-complete').toBe(refused.length === 0)
        // A source of a few rows may use up its candidates before its trial is over.
        if (refused.some(({ rows }) => rows > 30)) expect(state.stopReason).toBe('teacher-unavailable')
      }),
      { numRuns: 200 },
    )
  })

  test('Y3 sources that answer are asked for the same candidates, with as many calls, as without a trial', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 10 }), async (rows) => {
        const sources = rows.map((each) => ({ rows: each, answers: true }))
        const [tried, plain] = [await generated(sources, 24), await generated(sources, null)]
        expect(tried.asked).toEqual(plain.asked)
        expect(tried.calls).toEqual(plain.calls)
        expect(tried.state.stopReason).toBe('rows-complete')
      }),
      { numRuns: 100 },
    )
  })

  test.each([[[400]], [[80, 80, 80]], [[6]], [Array.from({ length: 40 }, () => 10)]])(
    'Y4 sources that were usable before go ahead of their trial, by so many calls at most: %j',
    async (rows) => {
      const sources = rows.map((each) => ({ rows: each, answers: true }))
      const [ahead, plain] = [await generated(sources, 24, 100), await generated(sources, null)]
      expect([ahead.asked, ahead.calls, ahead.state.stopReason]).toEqual([plain.asked, plain.calls, 'rows-complete'])
      const inVain = await generated(
        rows.map((each) => ({ rows: each, answers: false })),
        24,
        100,
      )
      expect(inVain.calls.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(24 + 100)
      expect(inVain.state).toMatchObject({ phase: 'done', stopReason: 'teacher-unavailable' })
    },
  )

  test('Y4 as many shards go at once as the calls allow', async () => {
    const first = async (aheadCalls: number) => {
      const { state } = await generated([{ rows: 400, answers: false }], 24, aheadCalls)
      return state.attempts[0]!.spent?.calls
    }
    expect([await first(0), await first(100), await first(200)]).toEqual([12, 12 + 75, 12 + 150])
  })

  test('a run that goes on after it ended tries its teacher again', async () => {
    const { state } = await generated([{ rows: 100, answers: false }], 24)
    const event = { kind: 'operator-command', payload: { action: 'resume' }, id: 'again', at: state.config.startedAt }
    const again = await step({ ...state, outbox: [] }, event as PlannerEvent, deps)
    expect(again).toMatchObject({ phase: 'searching', stopReason: null })
    const shards = again.outbox.filter(({ name }) => name === 'shard')
    expect(shards).toHaveLength(1)
    expect((shards[0]!.payload as unknown as ShardPayload).trial).toBeGreaterThan(0)
  })
})

const labels = ['Billing', 'Shipping', 'Returns']
const item = (id: number): Item => ({
  id: String(id),
  part: 'benchmark',
  skill: 'tickets',
  instruction: 'Name the queue.',
  input: `Ticket ${id}`,
  answer: labels[id % labels.length]!,
  coreKey: String(id),
})
const form = await answerForm(
  Array.from({ length: 30 }, (_, id) => item(id)),
  openTaskScorer({ name: 'exact', primary: 'strict', options: {} }),
)
test('a label that stands in a sentence has the form of lenient scoring alone', async () => {
  const sentence = 'Step 1: it is late. Step 2: so the answer is Shipping.'
  expect([await form.fits(sentence), await form.fits(sentence, 'strict')]).toEqual([true, false])
  expect([await form.fits('Shipping'), await form.fits('Shipping', 'strict')]).toEqual([true, true])
  expect(await form.fits('Sales', 'strict')).toBe(false)
})

const program = promptProgram({ rows: 10, template: 'Write problem number {{index}}.', parameters: {} })
const task = { instruction: 'Name the queue.', seeds: [], rows: { target: 10, minimum: 1 } }

/** A shard of 25 whose k-th call is answered so. */
async function tried(replyTo: (call: number) => string, trial: number | undefined) {
  let calls = 0
  const reported: TrialOutcome[] = []
  const made = await promptRows(
    { ...shardOf({ from: 0, count: 25 }), ...(trial !== undefined && { trial }) },
    program.sources[0] as Extract<(typeof program.sources)[number], { kind: 'prompt' }>,
    {
      program,
      task,
      form,
      limits: RevisionLimits.parse({}),
      hooks: null,
      tried: async (outcome) => void reported.push(outcome),
      call: async () => {
        calls += 1
        const reply = {
          ...contentOf(replyTo(calls), 'stop'),
          refused: false,
          model: 'm',
          inputTokens: 1,
          outputTokens: 1,
        }
        return { promptHash: 'a'.repeat(64), reply }
      },
    },
    new AbortController().signal,
  )
  return { calls, reported, made }
}

const rowOf = (output: string) => JSON.stringify({ input: 'Where is my parcel?', output })

describe('the trial of a source', () => {
  test.each([
    ['prose', 'Sorry, I would rather not.', 'it held no whole, valid JSON object', 'Sorry, I would'],
    [
      'an object of another kind',
      '{"diagnosis": "none"}',
      'lacked a non-empty text "input" or "output"',
      '{"diagnosis"',
    ],
    ['nothing', '', 'it was empty', 'empty'],
    [
      'rows in another form',
      rowOf('Step 1: it is late. Step 2: I look where it is.'),
      'reads no answer',
      '"Step 1: it is late',
    ],
  ])('ends after its calls where all replies are %s, and quotes one', async (_, reply, why, quoted) => {
    for (const trial of [1, 2, 4, 24]) {
      const { calls, reported, made } = await tried(() => reply, trial)
      expect(calls).toBeLessThanOrEqual(trial)
      expect(made.candidates).toEqual([])
      expect(made.asked).toBe(25)
      expect(made.failures).toHaveLength(25)
      expect(made.trial).toMatchObject({ usable: false, why: expect.stringContaining(why) })
      expect((made.trial as { why: string }).why).toContain(quoted)
      expect(reported).toEqual([])
    }
  })

  test('goes on with the whole shard once a reply is usable, which is told once and at once', async () => {
    const { calls, reported, made } = await tried((call) => (call === 3 ? rowOf('Shipping') : 'no'), 24)
    expect(reported).toEqual([{ usable: true }])
    expect(made.trial).toEqual({ usable: true })
    // The rest of the shard is asked as any shard is: each of its indexes with its revisions.
    expect(calls).toBeGreaterThan(24)
    expect(made.candidates).toHaveLength(1)
  })

  test('gives the candidates of a shard that is no trial where its teacher answers', async () => {
    const reply = (call: number) => (call % 9 === 0 ? 'no' : rowOf(labels[call % 3]!))
    const [one, other] = [await tried(() => rowOf('Billing'), 4), await tried(() => rowOf('Billing'), undefined)]
    expect(one.made.candidates).toEqual(other.made.candidates)
    expect((await tried(reply, 4)).made.candidates).toHaveLength((await tried(reply, undefined)).made.candidates.length)
  })
})
