import { expect, test, vi } from 'vitest'
import { createAdaptiveConcurrency } from '../../../../agents/kit/teacher/adaptive-concurrency.ts'
import { type BreakerState, createBreaker } from '../../../../agents/kit/teacher/breaker.ts'
import type { CallBudget } from '../../../../agents/kit/teacher/call.ts'
import { checkTeacher } from '../../../../agents/kit/teacher/check.ts'
import { TeacherOptions } from '../../../../agents/kit/teacher/options.ts'
import { createTeacher, type Teacher, TeacherRefused } from '../../../../agents/kit/teacher/teacher.ts'
import { StoppingError } from '../../../../bus/mod.ts'
import { TeacherLimits } from '../../../../schemas/teacher.ts'
import { until } from '../../../support/nats.ts'
import { startTeacherServer, type TeacherServer, teacherRow } from '../../../support/teacher-server.ts'

const sampling = { temperature: 1, maxTokens: 100 }
const never = new AbortController().signal
const open: CallBudget = { take: async () => true }

const teacherOf = (server: TeacherServer, options: Partial<TeacherOptions> = {}, onState?: (s: BreakerState) => void) =>
  createTeacher(
    { baseUrl: server.url, apiKey: 'k' },
    TeacherOptions.parse({ model: server.model, minTimeoutMs: 200, ...options }),
    onState,
  )

const ask = (teacher: Teacher, n: number, callBudget = open, signal = never) =>
  teacher.ask({ messages: [{ role: 'user', content: `problem number ${n}` }], sampling }, callBudget, signal)

const many = (teacher: Teacher, count: number) => Promise.all(Array.from({ length: count }, (_, n) => ask(teacher, n)))

test('T1 T4: no more than the concurrency are under way, and each call has its own reply', async () => {
  await using server = await startTeacherServer({ latencyMs: 10 })
  const answers = await many(teacherOf(server, { concurrency: 7 }), 60)
  expect(server.maxInFlight).toBe(7)
  for (const [n, answer] of answers.entries()) {
    expect(answer.ok && JSON.parse(answer.reply.text)).toEqual(teacherRow(n, 0))
  }
})

test('T2 T4: 500s, 429s, hangs and cut bodies cost their own call a try, and no reply is lost', async () => {
  await using server = await startTeacherServer({
    latencyMs: 5,
    faults: { http500: 0.05, http429: 0.02, hang: 0.02, cutBody: 0.05 },
  })
  const startedAt = Date.now()
  const teacher = teacherOf(server, { concurrency: 20 })
  const answers = await many(teacher, 300)
  expect(answers.filter((answer) => !answer.ok)).toEqual([])
  // A hang lasts 45 s and a 429 asks for 2 s: nobody waited for the first, and the second was honoured once.
  expect(Date.now() - startedAt).toBeGreaterThan(2000)
  expect(Date.now() - startedAt).toBeLessThan(15_000)
  expect(teacher.usage.requests).toBe(server.requests)
  expect(server.requests).toBeGreaterThan(300)
})

test('T6: once closed it sends nothing more, what waits is rejected, and what is under way is answered', async () => {
  await using server = await startTeacherServer({ latencyMs: 300, faults: { http500: 0.3 } })
  let taken = 0
  const callBudget = {
    take: async () => {
      taken += 1
      return true
    },
    putBack: () => {
      taken -= 1
    },
  }
  const teacher = teacherOf(server, { concurrency: 8, firstAloneMs: 0 })
  const asked = Promise.allSettled(Array.from({ length: 20 }, (_, n) => ask(teacher, n, callBudget)))
  await until('as many as may be are under way', () => server.inFlight === 8)
  teacher.close()
  const ended = await asked
  expect(server.requests).toBe(8)
  expect(taken).toBe(8)
  const replies = ended.filter(({ status }) => status === 'fulfilled')
  expect(replies.length).toBe(teacher.usage.replies)
  expect(replies.length).toBeGreaterThan(0)
  for (const each of ended) if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(StoppingError)
  await expect(ask(teacher, 30)).rejects.toBeInstanceOf(StoppingError)
  expect(server.requests).toBe(8)
})

test('a request that was paid and not sent, since the teacher was closed meanwhile, is put back', async () => {
  await using server = await startTeacherServer()
  const paying = Promise.withResolvers<boolean>()
  let back = 0
  const callBudget = {
    take: () => paying.promise,
    putBack: () => {
      back += 1
    },
  }
  const teacher = teacherOf(server)
  const asked = ask(teacher, 1, callBudget)
  teacher.close()
  paying.resolve(true)
  await expect(asked).rejects.toBeInstanceOf(StoppingError)
  expect({ back, requests: server.requests }).toEqual({ back: 1, requests: 0 })
})

test('T3: every request is paid first, and an empty purse ends the call without one', async () => {
  await using server = await startTeacherServer({ faults: { http500: 1 } })
  let left = 3
  const callBudget = { take: async () => left-- > 0 }
  const teacher = teacherOf(server, { firstAloneMs: 0 })
  const answers = await Promise.all([0, 1, 2].map((n) => ask(teacher, n, callBudget)))
  expect(server.requests).toBe(3)
  expect(answers.filter((answer) => !answer.ok && answer.why === 'budget')).toHaveLength(3)
})

test('T5: the first request goes alone until it is answered, for a while', async () => {
  await using waited = await startTeacherServer({ latencyMs: 400 })
  await many(teacherOf(waited, { concurrency: 6, firstAloneMs: 5000 }), 6)
  expect(waited.maxInFlight).toBe(5)
  await using joined = await startTeacherServer({ latencyMs: 400 })
  const startedAt = Date.now()
  await many(teacherOf(joined, { concurrency: 6, firstAloneMs: 100 }), 6)
  // As many as may be in vain, whatever the concurrency.
  expect(joined.maxInFlight).toBe(5)
  expect(Date.now() - startedAt).toBeGreaterThan(490)
})

test.each([2, -2])('a clock that is set %i days on gives up no request, and delays none', async (days) => {
  let turnedAway = 1
  await using server = await startTeacherServer({
    latencyMs: 300,
    outage: () => (turnedAway-- > 0 ? { status: 429, retryAfterS: 1 } : null),
  })
  const asked = many(teacherOf(server, { concurrency: 3, minTimeoutMs: 5000 }), 4)
  await until('requests are under way', () => server.inFlight > 1)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * 86_400_000 })
  try {
    expect((await asked).filter((answer) => !answer.ok)).toEqual([])
  } finally {
    vi.useRealTimers()
  }
  expect(server.requests).toBe(5)
})

test('an outage opens the breaker, which lets single probes through and closes when the endpoint is back', async () => {
  let away = true
  await using server = await startTeacherServer({ outage: () => (away ? { status: 429 } : null) })
  const states: BreakerState[] = []
  const teacher = teacherOf(server, { concurrency: 30 }, (state) => {
    states.push(state)
    // The first probe still fails, the second one finds the endpoint back.
    if (states.filter((each) => each === 'open').length === 2) away = false
  })
  const answers = await many(teacher, 100)
  expect(answers.every((answer) => answer.ok)).toBe(true)
  expect(states).toEqual(['open', 'half-open', 'open', 'half-open', 'closed'])
  // It opens after 20 faults, when as many more are under way; after that only probes are lost.
  expect(server.requests).toBeLessThanOrEqual(100 + 20 + 30 + 2)
})

test('B3: what was under way when the breaker opened neither closes it nor lengthens its pause', () => {
  const breaker = createBreaker()
  for (let call = 0; call < 20; call++) breaker.failed('call', 0, 0)
  expect(breaker.state).toBe('open')
  const { notBefore } = breaker
  breaker.succeeded('call')
  breaker.failed('call', 500, 60_000)
  expect(breaker).toMatchObject({ state: 'open', notBefore })
  expect(breaker.admit(notBefore)).toBe('probe')
  breaker.succeeded('call')
  expect(breaker.state).toBe('half-open')
  expect(breaker.admit(notBefore)).toBeNull()
  breaker.succeeded('probe')
  expect(breaker.admit(notBefore)).toBe('call')
})

test('an endpoint that stays away ends the waiting calls with a reason', async () => {
  await using server = await startTeacherServer({ outage: () => ({ status: 503 }) })
  const answers = await many(teacherOf(server, { concurrency: 30, giveUpMs: 300 }), 60)
  expect(new Set(answers.map((answer) => !answer.ok && answer.why))).toEqual(new Set(['gone']))
})

test('a refused key is fatal and said without its value', async () => {
  await using server = await startTeacherServer({ key: 'right' })
  await expect(ask(teacherOf(server), 1)).rejects.toBeInstanceOf(TeacherRefused)
  const check = checkTeacher({ baseUrl: server.url, apiKey: 'planted-key' }, server.model)
  await expect(check).rejects.toThrow('refuses the key')
  await expect(check).rejects.not.toThrow('planted-key')
})

test('a model that is not listed is a warning, and an address without an API is refused, before anything is paid', async () => {
  await using server = await startTeacherServer()
  const at = (baseUrl: string, model: string) => checkTeacher({ baseUrl, apiKey: '' }, model)
  await expect(at(server.url, server.model)).resolves.toEqual({ contextTokens: null })
  expect((await at(server.url, 'nobody')).warning).toContain(`its list of models has ${server.model}`)
  await expect(at('http://127.0.0.1:1/v1', 'x')).rejects.toThrow('There is no API at http://127.0.0.1:1/v1')
  expect(server.requests).toBe(0)
})

test('an aborted call ends, also while it waits', async () => {
  await using server = await startTeacherServer({ latencyMs: 20_000 })
  const stop = new AbortController()
  const teacher = teacherOf(server, { concurrency: 1 })
  const calls = [ask(teacher, 1, open, stop.signal), ask(teacher, 2, open, stop.signal)]
  const ended = Promise.allSettled(calls)
  stop.abort()
  expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

test('the pause of the breaker and the longest wish of an endpoint are limits of the topology', async () => {
  const breaker = createBreaker(() => {}, TeacherLimits.parse({ minPauseMs: 40, maxPauseMs: 60, breakerRequests: 10 }))
  for (let call = 0; call < 4; call++) breaker.failed('call', 0, 0)
  expect(breaker.state).toBe('closed')
  breaker.failed('call', 0, 0)
  expect(breaker.notBefore).toBe(40)
  breaker.admit(40)
  breaker.failed('probe', 40, 0)
  expect(breaker.notBefore).toBe(100)
  let asked = 0
  await using server = await startTeacherServer({
    outage: () => (asked++ === 0 ? { status: 429, retryAfterS: 3600 } : null),
  })
  const [answer] = await many(teacherOf(server, { maxRetryAfterMs: 20 }), 1)
  expect(answer).toMatchObject({ ok: true })
  expect(server.requests).toBe(2)
})

test('the width shrinks to what an endpoint takes, and grows back; single 429s and late answers change nothing', () => {
  let clock = 0
  const open = () => createAdaptiveConcurrency({ concurrency: 80, crowdedShare: 0.1 }, () => clock)
  const some = open()
  for (let n = 0; n < 200; n++) some.note(clock, n % 20 === 10)
  expect(some.now).toBe(80)
  const width = open()
  clock = 1
  for (let n = 0; n < 20; n++) width.note(clock, n % 2 === 0)
  expect(width.now).toBe(40)
  clock = 2
  const late = clock - 2
  for (let n = 0; n < 60; n++) width.note(late, true)
  expect(width.now).toBe(40)
  for (let n = 0; n < 20; n++) width.note(clock, true)
  expect(width.now).toBe(10)
  for (let round = 0; round < 30; round++) {
    clock += 1
    for (let n = 0; n < 80; n++) width.note(clock, false)
  }
  expect(width.now).toBe(80)
})
