import { expect, test } from 'vitest'
import { troublesIn, wantedBy } from '../../launcher/troubles.ts'
import { configOf } from '../support/planner-fixtures.ts'

const page = await import(new URL('../../trace/web/troubles.js', import.meta.url).href)

const variants = { ...configOf().variants, generator: 'llm' }
const config = configOf({
  variants,
  models: { generator: 'm' },
  addresses: { generator: 'http://one.example/v1' },
  queues: { generator: 'llm-0123456789ab' },
})
const agents = (queue: string) =>
  Object.entries(variants).map(([role, variant]) => ({
    ...{ role, variant, instance: `${role}-1`, pid: 1, host: 'h', startedAt: '', lastMessageAt: null },
    ...{ handling: [], waiting: null, ...(role === 'generator' && { queue }) },
  })) as never

test('an agent of the variant that asks another model is not the one that a run wants; terminal and page name that', () => {
  const text = 'that asks m at http://one.example/v1 is not there: what it has to do waits.'
  expect(troublesIn(agents('llm-ffffffffffff'), wantedBy(config))).toMatchObject([{ who: 'generator "llm"', text }])
  expect(troublesIn(agents('llm-0123456789ab'), wantedBy(config))).toEqual([])

  const shown = page.createTroubles()
  const state = { config, status: null, finished: null }
  const listed = (queue: string, at: number) => {
    shown.setPresence(agents(queue))
    return shown.list(state, at)
  }
  expect(listed('llm-ffffffffffff', 0)).toEqual([])
  expect(listed('llm-ffffffffffff', 60_000)).toMatchObject([{ who: 'generator "llm"', text }])
  expect(listed('llm-0123456789ab', 60_001)).toEqual([])
})
