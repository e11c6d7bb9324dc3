import { headers } from 'nats'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { decode, isServerCopy } from '../../../bus/envelope.ts'
import { defineWork } from '../../../schemas/message.ts'

const Old = z.object({ rows: z.number() })
const Count = defineWork({
  name: 'count',
  version: 3,
  from: 'generator',
  to: 'critic',
  schema: z.object({ admitted: z.number(), unit: z.string().default('rows') }),
  previous: { version: 2, schema: Old, upgrade: (old) => ({ admitted: Old.parse(old).rows }) },
})
const subject = 'run.r1.critic.rules.count'

function read(tag: string, payload: unknown, on = subject) {
  const sent = headers()
  sent.set('Syllabus-Message', tag)
  return decode(on, sent, new TextEncoder().encode(JSON.stringify(payload)), { count: Count })
}

test('this version is parsed, with its defaults', () => {
  expect(read('count@3', { admitted: 2 })).toEqual({ ok: true, message: Count, payload: { admitted: 2, unit: 'rows' } })
})

test('the version before is lifted to this one', () => {
  expect(read('count@2', { rows: 5 })).toEqual({ ok: true, message: Count, payload: { admitted: 5, unit: 'rows' } })
})

test.each([
  ['an older version', 'count@1', { rows: 5 }, subject, /version 1 of count is not read here/],
  [
    'an older version, with what fixes it',
    'count@1',
    { rows: 5 },
    subject,
    /only 3 and 2: .* older Syllabus; update it/,
  ],
  ['a newer version', 'count@4', { admitted: 5 }, subject, /version 4 .* newer Syllabus; update this process/],
  ['an old payload under the new version', 'count@3', { rows: 5 }, subject, /admitted/],
  ['a new payload under the old version', 'count@2', { admitted: 5 }, subject, /rows/],
  ['a header of another message', 'report@3', { admitted: 5 }, subject, /the header names "report@3"/],
  ['no header', '', { admitted: 5 }, subject, /the header names ""/],
  ['a subject of another role', 'count@3', { admitted: 5 }, 'run.r1.planner.rules.count', /no message belongs/],
  ['a work message as an event', 'count@3', { admitted: 5 }, 'run.r1.event.count', /no message belongs/],
])('%s is refused with the reason, and kept raw', (_, tag, payload, on, reason) => {
  const decoded = read(tag, payload, on)
  expect(decoded).toMatchObject({ ok: false, raw: payload, reason: expect.stringMatching(reason) })
})

test.each(['03', '3e0', '0x3', '3.0', '+3', '3@4', '', '0', '-3', 'NaN'])('"count@%s" names no version', (version) => {
  expect(read(`count@${version}`, { admitted: 5 })).toMatchObject({
    ok: false,
    reason: `the header names "count@${version}", the subject count`,
  })
})

test('a copy that the server made is known by its header, also when read by a direct get', () => {
  const sent = headers()
  expect([isServerCopy(sent), isServerCopy(undefined)]).toEqual([false, false])
  sent.append('Nats-Stream', 'RUN')
  expect([isServerCopy(sent), isServerCopy(sent, 1)]).toEqual([true, false])
  sent.append('Nats-Stream', 'RUN')
  expect(isServerCopy(sent, 1)).toBe(true)
})
