import { expect, test } from 'vitest'
import { backlogSamples } from '../../../telemetry/process-figures.ts'

const queues = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    role: 'generator',
    queue: `run-${index}`,
    message: 'shard',
    pending: index % 7,
    unacknowledged: index === 499 ? 1000 : 0,
  }))
const sum = (values: readonly { value: number }[]) => values.reduce((all, { value }) => all + value, 0)

test.each([1, 3, 100, 500, 5000])(
  'the queues of %i runs are a bounded number of series, and none of their messages is lost',
  (count) => {
    const samples = backlogSamples(queues(count), 10)
    expect(samples.length).toBeLessThanOrEqual(2 * 11)
    expect(sum(samples)).toBe(
      queues(count).reduce((all, { pending, unacknowledged }) => all + pending + unacknowledged, 0),
    )
    const series = samples.map(({ labels }) => JSON.stringify(labels))
    expect(new Set(series).size).toBe(series.length)
    // Where most waits is seen by its name.
    if (count >= 500) expect(samples.find(({ labels }) => labels?.queue === 'run-499')).toBeDefined()
  },
)

test('roles and messages stay apart among the queues that are added up', () => {
  const all = queues(30).flatMap((each) => [each, { ...each, message: 'draft' }, { ...each, role: 'critic' }])
  const others = backlogSamples(all, 2).filter(({ labels }) => labels?.queue === 'other')
  expect(others.map(({ labels }) => `${labels?.role} ${labels?.message} ${labels?.state}`).toSorted()).toEqual(
    ['critic shard', 'generator draft', 'generator shard'].flatMap((name) => [
      `${name} pending`,
      `${name} unacknowledged`,
    ]),
  )
})
