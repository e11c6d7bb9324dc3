import { expect, test } from 'vitest'
import { givenProgram } from '../../../../agents/planner/generate.ts'
import type { PlannerState } from '../../../../agents/planner/state.ts'
import { step } from '../../../../agents/planner/step.ts'
import type { PlannerEvent } from '../../../../agents/planner/step-context.ts'
import type { PlannerStore } from '../../../../agents/planner/store.ts'
import { hashOf } from '../../../../schemas/hash.ts'
import type { PayloadOf } from '../../../../schemas/message.ts'
import { Verdict } from '../../../../schemas/messages/generation.ts'
import type { Yield } from '../../../../schemas/row.ts'
import type { RunConfig } from '../../../../schemas/run.ts'
import type { PublicTask } from '../../../../schemas/task.ts'
import { configOf, refTo } from '../../../support/planner-fixtures.ts'
import { promptProgram } from '../../../support/prompt-program.ts'

const store: PlannerStore = {
  task: async () => ({}) as PublicTask,
  putProgram: async () => refTo('program'),
  putRound: async () => refTo('round'),
  putRows: async () => refTo('rows'),
  getRows: async () => [],
}
const deps = { policy: givenProgram, store, signal: new AbortController().signal }

let events = 0
const at = '2026-01-01T00:00:00.000Z'
const take = async (
  state: PlannerState | null,
  event: Pick<PlannerEvent, 'kind' | 'payload'>,
): Promise<PlannerState> => {
  const next = await step(state, { ...event, id: `event-${++events}`, at } as PlannerEvent, deps)
  return { ...next, outbox: next.outbox.slice(state?.outbox.length ?? 0) }
}

function begin(limits: Partial<RunConfig['limits']> = {}): Promise<PlannerState> {
  const generate = { program: promptProgram({ rows: 60 }), contamination: refTo('index') }
  const config = configOf({ generate, limits: { ...configOf().limits, ...limits } })
  return take(null, { kind: 'run-started', payload: { config } })
}

/** Closes the open round with this yield of its only source. */
async function close(state: PlannerState, counts: Omit<Yield, 'asked'>, rows: number): Promise<PlannerState> {
  const { round, asked, bySource } = state.attempts[0]!
  const [source, all] = Object.entries(asked)[0]!
  const payload: PayloadOf<typeof Verdict> = Verdict.schema.parse({
    attempt: 1,
    round,
    bySource: { [source]: { asked: all - (bySource[source]?.asked ?? 0), ...counts } },
    rows,
    dataset: refTo(`rows-${rows}`),
    datasetHash: hashOf(rows),
    spent: { calls: all, inputTokens: 0, outputTokens: 0 },
  })
  return take({ ...state, outbox: [] }, { kind: 'verdict', payload })
}

const askedIn = ({ outbox }: PlannerState) =>
  outbox.flatMap(({ name, payload }) => (name === 'shard' ? [payload as { from: number; count: number }] : []))

test('a run that ended because the teacher stayed away goes on with new candidates after what it has', async () => {
  const open = await begin()
  const asked = open.attempts[0]!.asked.crates!
  const ended = await close(open, { generated: 20, admitted: 20, rejected: {}, failed: { gone: asked - 20 } }, 20)
  const silent = await close(ended, { generated: 0, admitted: 0, rejected: {}, failed: { gone: 41 } }, 20)
  expect(silent).toMatchObject({ phase: 'done', status: 'finished', stopReason: 'teacher-unavailable', bestAttempt: 1 })
  const again = await take({ ...silent, outbox: [] }, { kind: 'operator-command', payload: { action: 'resume' } })
  expect(again).toMatchObject({ phase: 'searching', status: 'running', stopReason: null, bestAttempt: null })
  const [first] = askedIn(again)
  expect(first!.from).toBe(silent.attempts[0]!.asked.crates)
  const full = await close(again, { generated: 42, admitted: 40, rejected: { surplus: 2 } }, 60)
  expect(full).toMatchObject({ phase: 'done', stopReason: 'rows-complete' })
  const ends = [silent, full].flatMap(({ outbox }) => outbox.filter(({ name }) => name === 'run-finished'))
  expect(new Set(ends.map(({ id }) => id)).size).toBe(2)
})

test('resumed without room in its limits a run ends again at once, and with room it goes on under them', async () => {
  const open = await begin({ candidateCap: 1 })
  const ended = await close(open, { generated: 60, admitted: 30, rejected: { 'exact-duplicate': 30 } }, 30)
  expect(ended).toMatchObject({ phase: 'done', stopReason: 'candidates-used' })
  const same = await take(ended, { kind: 'operator-command', payload: { action: 'resume' } })
  expect(same).toMatchObject({ phase: 'done', status: 'finished', stopReason: 'candidates-used' })
  const limits = { ...ended.config.limits, candidateCap: 3 }
  const more = await take(same, { kind: 'operator-command', payload: { action: 'resume', limits } })
  expect(more).toMatchObject({ phase: 'searching', config: { limits } })
  expect(askedIn(more).reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(30)
})

test('where nothing that was made could be checked, the run ends instead of paying for more, unless its calls are what was short', async () => {
  const counts = { generated: 60, admitted: 0, rejected: { unchecked: 60 } }
  const unlimited = await close(await begin(), counts, 0)
  expect(unlimited).toMatchObject({ phase: 'done', status: 'failed', stopReason: 'teacher-unavailable' })
  const limited = await close(await begin({ teacherCalls: 500 }), counts, 0)
  expect(limited).toMatchObject({ phase: 'searching', stopReason: null })
})

test('a teacher that refuses everything ends the run; one that has answered other prompts is asked on', async () => {
  const open = await begin()
  const asked = open.attempts[0]!.asked.crates!
  const all = await close(open, { generated: 0, admitted: 0, rejected: {}, failed: { refused: asked } }, 0)
  expect(all).toMatchObject({ phase: 'done', stopReason: 'teacher-unavailable' })
  const some = await close(open, { generated: 20, admitted: 20, rejected: {}, failed: { refused: asked - 20 } }, 20)
  const unlucky = await close(some, { generated: 0, admitted: 0, rejected: {}, failed: { refused: 5 } }, 20)
  expect(unlucky).toMatchObject({ phase: 'searching', stopReason: null })
})

test('a dead letter that comes after the end changes nothing; nor does a late verdict end a fault', async () => {
  const fault = { kind: 'fault' as const, payload: { deadLetter: 'LAB-1', message: 'batch', reason: 'gave up' } }
  const open = await begin()
  const asked = open.attempts[0]!.asked.crates!
  const some = await close(open, { generated: asked, admitted: 20, rejected: { 'wrong-answer': asked - 20 } }, 20)
  expect(some.attempts[0]!.round).toBe(2)
  const faulted = await take(some, fault)
  expect(faulted.status).toBe('faulted')
  const again = await take(faulted, {
    kind: 'verdict',
    payload: Verdict.schema.parse({
      attempt: 1,
      round: 1,
      bySource: {},
      rows: 1,
      dataset: refTo('rows-1'),
      datasetHash: hashOf(1),
      spent: { calls: 0, inputTokens: 0, outputTokens: 0 },
    }),
  })
  expect([again.status, again.attempts[0]!.rows]).toEqual(['faulted', 20])
  const ended = { ...(await close(some, { generated: 60, admitted: 40, rejected: {} }, 60)), outbox: [] }
  expect(ended).toMatchObject({ phase: 'done', status: 'finished' })
  expect(await take(ended, fault)).toMatchObject({ phase: 'done', status: 'finished', outbox: [] })
  const stopped = await take({ ...some, outbox: [] }, { kind: 'operator-command', payload: { action: 'stop' } })
  expect(await take(stopped, fault)).toMatchObject({ status: 'stopped', statusReason: 'batch: gave up' })
})
