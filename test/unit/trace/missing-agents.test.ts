import { expect, test, vi } from 'vitest'
import { queueOf } from '../../../schemas/queue.ts'
import { createPatience, troublesIn, wantedBy } from '../../../trace/troubles.ts'
import { configOf } from '../../support/planner-fixtures.ts'

const variants = { ...configOf().variants, generator: 'llm' }
const address = 'http://one.example/v1'
const shared = queueOf('llm', 'm', address)
const boundTo = (generator: string) =>
  configOf({ variants, models: { generator: 'm' }, addresses: { generator: address }, queues: { generator } })
const config = boundTo(shared)
const agents = (queue: string) =>
  Object.entries(variants).map(([role, variant]) => ({
    ...{ role, variant, instance: `${role}-1`, pid: 1, host: 'h', startedAt: '', lastMessageAt: null },
    ...{ handling: [], waiting: null, ...(role === 'generator' && { queue }) },
  })) as never

test('an agent of the variant that asks another model is not the one that a run wants; terminal and page name that', () => {
  const text = 'that asks m at http://one.example/v1 is not there: what it has to do waits.'
  expect(troublesIn(agents('llm-ffffffffffff'), wantedBy(config))).toMatchObject([{ who: 'generator "llm"', text }])
  expect(troublesIn(agents(shared), wantedBy(config))).toEqual([])

  // The gateway sends the page this list.
  vi.useFakeTimers()
  const shown = createPatience(10_000)
  const listed = (queue: string) => shown(troublesIn(agents(queue), wantedBy(config)))
  expect(listed('llm-ffffffffffff')).toEqual([])
  vi.advanceTimersByTime(60_000)
  expect(listed('llm-ffffffffffff')).toMatchObject([{ who: 'generator "llm"', text }])
  expect(listed(shared)).toEqual([])
  vi.useRealTimers()
})

test('one of a run whose queues are its own is missed although another one asks the same, and the fix names the run', () => {
  const own = boundTo(queueOf('llm', 'm', address, config.runId))
  expect(troublesIn(agents(shared), wantedBy(own))).toMatchObject([
    {
      text: `that asks m at ${address} for this run is not there: what it has to do waits.`,
      fix: `Start one: npx syllabus agent generator --run ${config.runId}.`,
    },
  ])
})
