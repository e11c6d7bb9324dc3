import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { headers } from 'nats'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  closedSubscriptions,
  listen,
  logRequests,
  mayPublish,
  requestsTo,
  sealedRequests,
  tryRequest,
} from '../../../bus/forbidden-requests.ts'
import type { Bus } from '../../../bus/mod.ts'
import { eventSubject, objectPrefixOf, objectStreamOf, workSubject } from '../../../bus/subjects.ts'
import type { ObjectRef } from '../../../schemas/ids.ts'
import { registry } from '../../../schemas/registry.ts'
import { type Account, accountsOf, type Role, roles } from '../../../schemas/role.ts'
import { variantsOf } from '../../../schemas/variants.ts'
import { bareConnection } from '../../support/bare-connection.ts'
import { operatorLink } from '../../support/doors.ts'
import { memoryLog, type TestServer, take, until, withServer } from '../../support/nats.ts'
import { plannerHandlers } from '../../support/planner-handlers.ts'

const answer = 'THE-SEALED-ANSWER-42'
const question = 'THE-SEALED-QUESTION-41'
let server: TestServer
let operator: Bus
let evaluator: Bus
let answers: ObjectRef
let questions: ObjectRef

beforeAll(async () => {
  server = await withServer()
  operator = await server.open('operator')
  evaluator = await server.open('evaluator')
  answers = await operator.objects.putJson('VAULT', 'task/answers', [answer])
  questions = await evaluator.objects.putJson('EXAM', 'run/questions', [question])
  await evaluator.kv('sealed-results', z.string()).put('result', answer)
})
afterAll(() => server[Symbol.asyncDispose]())

/** Everything the server has on disk for streams and consumers. */
const inventory = () =>
  (
    readdirSync(join(server.storeDir, 'jetstream'), {
      recursive: true,
      withFileTypes: true,
    }) as import('node:fs').Dirent[]
  )
    .filter((entry) => entry.isDirectory() && /(streams|obs)$/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()

describe('who is meant to read, can', () => {
  test('the evaluator reads the vault, the trainer-bridge the exam', async () => {
    const text = new TextDecoder()
    expect(text.decode(await evaluator.objects.get(answers))).toContain(answer)
    const bridge = await server.open('trainer-bridge')
    expect(text.decode(await bridge.objects.get(questions))).toContain(question)
  })

  test('every role is told by the server that it is kept apart', async () => {
    for (const role of roles) expect((await server.open(role)).sealed, role).toBe(true)
  })

  test('credentials reach only their own accounts', () => {
    for (const role of roles) expect(Object.keys(server.credentials[role]).sort()).toEqual([...accountsOf[role]].sort())
    expect(roles.filter((role) => accountsOf[role].includes('VAULT'))).toEqual(['evaluator', 'operator'])
  })
})

const agentsBut = (role: Role) => roles.filter((each) => each !== role && each !== 'operator')
const cases = agentsBut('evaluator').flatMap((role) => accountsOf[role].map((account) => [role, account] as const))

describe.each(cases)('%s in %s', (role, account) => {
  test('is refused the sealed streams by every request', async () => {
    const before = inventory()
    const nc = await bareConnection(server, role, account)
    const inbox = `_INBOX_${role}.spy`
    const heard: string[] = []
    nc.subscribe(`${inbox}.>`, { callback: (_, message) => void heard.push(message?.string() ?? '') })
    const requests = sealedRequests(role, account, inbox)
    expect(requests.length).toBeGreaterThan(80)
    const attempts = Promise.all(requests.map((request) => tryRequest(nc, request)))
    // Among all the refusals the one open request is answered: a refusal is of its own request, not of the connection.
    const open = await tryRequest(nc, { name: 'open', subject: '$JS.API.INFO', payload: '' })
    expect(open.outcome).toBe('answered')
    const closed = await attempts
    await nc.close()
    expect(closed.filter((attempt) => attempt.outcome !== 'refused')).toEqual([])
    expect(heard.join()).not.toMatch(/SEALED/)
    expect(inventory()).toEqual(before)
  })

  test('hears nothing of them by any subscription', async () => {
    const nc = await bareConnection(server, role, account)
    const settled = Promise.withResolvers<void>()
    const listening = closedSubscriptions(role).map((subject) => listen(nc, subject, settled.promise))
    await nc.flush()
    await evaluator.objects.putJson('VAULT', `task/more-${role}-${account}`, [answer])
    await evaluator.objects.putJson('EXAM', `run/more-${role}-${account}`, [question])
    expect(await evaluator.objects.get(answers)).toBeTruthy()
    settled.resolve()
    expect(await Promise.all(listening)).toEqual(listening.map(() => 'refused'))
    await nc.close()
  })
})

const logCases = agentsBut('gateway').flatMap((role) =>
  accountsOf[role].flatMap((account) => (account === 'VAULT' ? [] : [[role, account] as const])),
)

test.each(logCases)('%s in %s publishes its own messages and no others', async (role, account) => {
  const nc = await bareConnection(server, role, account)
  for (const message of Object.values(registry)) {
    const mine = message.kind === 'event' ? message.from.includes(role) : message.from === role
    const subject =
      message.kind === 'event'
        ? eventSubject(message, 'forge')
        : workSubject(message, 'forge', variantsOf[message.to][0])
    const expected = mine && message.account === account
    expect([message.name, await mayPublish(nc, subject)]).toEqual([message.name, expected])
  }
  await nc.close()
})

describe.each(agentsBut('gateway').map((role) => [role] as const))('%s in LAB', (role) => {
  test('cannot read or change the log, or take another role’s messages', async () => {
    const nc = await bareConnection(server, role, 'LAB')
    const closed = logRequests(role, `_INBOX_${role}.spy`)
    expect(closed.length).toBeGreaterThan(15)
    const attempts = await Promise.all(closed.map((request) => tryRequest(nc, request)))
    expect(attempts.filter((attempt) => attempt.outcome !== 'refused')).toEqual([])
    for (const message of Object.values(registry)) {
      if (message.kind !== 'work' || message.to === role || message.account !== 'LAB') continue
      for (const variant of ['rules', 'procedural', 'peft', 'scorer']) {
        expect(await mayPublish(nc, `$JS.API.CONSUMER.MSG.NEXT.RUN.${message.to}-${variant}-${message.name}`)).toBe(
          false,
        )
        expect(await mayPublish(nc, `$JS.ACK.RUN.${message.to}-${variant}-${message.name}.1.1.1.1.0`)).toBe(false)
      }
    }
    await nc.close()
  })
})

describe('the operator', () => {
  test('fills the vault and cannot read or change it', async () => {
    const nc = await bareConnection(server, 'operator', 'VAULT')
    const requests = sealedRequests('operator', 'VAULT', '_INBOX_operator.spy')
    expect(requests.length).toBeGreaterThan(15)
    const attempts = await Promise.all(requests.map((request) => tryRequest(nc, request)))
    expect(attempts.filter((attempt) => attempt.outcome !== 'refused')).toEqual([])
    await nc.close()
    await expect(operator.objects.get(answers)).rejects.toThrow()
  })

  test('with every right in LAB reads nothing of the other accounts, by mirrors and sources either', async () => {
    const nc = await bareConnection(server, 'operator', 'LAB')
    const requests = requestsTo(objectStreamOf.VAULT, `${objectPrefixOf.VAULT}.>`, '_INBOX_operator.spy')
    const attempts = await Promise.all(requests.map((request) => tryRequest(nc, request)))
    expect(attempts.map((attempt) => attempt.text).join()).not.toMatch(/SEALED/)
    const made = attempts.filter((attempt) => attempt.outcome === 'answered').map((attempt) => attempt.request)
    expect(made.filter((request) => request.startsWith('get') || request.startsWith('direct'))).toEqual([])
    for (const spy of ['SPY', 'SPY2', 'SPY3', 'SPY4', 'SPY5', 'SPY6']) {
      const info = await tryRequest(nc, { name: spy, subject: `$JS.API.STREAM.INFO.${spy}`, payload: '' })
      if (info.outcome === 'answered') expect(JSON.parse(info.text).state.messages, spy).toBe(0)
      await tryRequest(nc, { name: spy, subject: `$JS.API.STREAM.DELETE.${spy}`, payload: '' })
    }
    await nc.close()
  })
})

describe('replies that the server sends where a client says', () => {
  // nats-server 2.15 asks for no right to publish to a reply subject. Within one account that is a way around allow-lists:
  // it stays inside the account, and what it puts into the log is not taken for a message.
  test('a stored message copied into the log is a dead letter, not a report', async () => {
    const reports: string[] = []
    const planner = await server.open('planner')
    const stop = new AbortController()
    const control = async (_: unknown, context: { id: string }) => void reports.push(context.id)
    const handlers = plannerHandlers({ 'operator-command': control })
    planner.work(handlers, { role: 'planner', variant: 'rules', slots: 1, signal: stop.signal })
    // Without an id, or the server would drop the copy as a duplicate.
    const link = await operatorLink(server, memoryLog())
    const sent = headers()
    sent.set('Syllabus-Message', 'operator-command@1')
    await link.js.publish('run.copy.planner.rules.operator-command', '{"action":"pause"}', { headers: sent })
    await link.nc.close()
    await until('the real one', () => reports.length === 1)
    const gateway = await bareConnection(server, 'gateway', 'LAB')
    const ask = JSON.stringify({ last_by_subj: 'run.copy.planner.rules.operator-command' })
    gateway.publish('$JS.API.DIRECT.GET.RUN', ask, { reply: 'run.copied.planner.rules.operator-command' })
    await until('dead letter', async () => (await operator.dead.list()).some((letter) => /forged/.test(letter.reason)))
    expect(reports).toHaveLength(1)
    const reader = await server.open('gateway')
    const [entry] = await take(reader.log({ runId: 'copied', follow: false, signal: stop.signal }), 1)
    expect(entry?.parseError).toMatch(/forged/)
    stop.abort()
    await gateway.close()
  })

  test.each(['generator', 'critic', 'planner', 'trainer-bridge'] as const)(
    'nothing that %s can ask for reaches another account',
    async (role) => {
      const seen: string[] = []
      const spies = await Promise.all(
        (['EXAM', 'VAULT'] as Account[]).map(async (account) => {
          const nc = await bareConnection(server, 'evaluator', account)
          nc.subscribe('_INBOX_evaluator.>', { callback: (_, message) => void seen.push(message?.subject ?? '') })
          await nc.flush()
          return nc
        }),
      )
      const nc = await bareConnection(server, role, 'LAB')
      for (const reply of ['_INBOX_evaluator.x', 'objects.vault.x.0', 'exam.r.evaluator.scorer.answers']) {
        nc.publish('$JS.API.STREAM.MSG.GET.KV_runs', '{"seq":1}', { reply })
      }
      await nc.flush()
      await Promise.all(spies.map((spy) => spy.flush()))
      expect(seen).toEqual([])
      await Promise.all([nc, ...spies].map((each) => each.close()))
    },
  )
})
