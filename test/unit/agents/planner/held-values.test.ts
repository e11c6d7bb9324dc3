import { expect, test } from 'vitest'
import type { PlannerState } from '../../../../agents/planner/state.ts'
import { newRun } from '../../../../agents/planner/step.ts'
import { heldValues } from '../../../../bus/kv.ts'
import { type Bus, TerminalError } from '../../../../bus/mod.ts'
import { pickRun } from '../../../../experiments/run/pick-run.ts'
import { configOf } from '../../../support/planner-fixtures.ts'

/** A bucket as the bus gives it, in which one value cannot be read. */
function bucketOf(values: Readonly<Record<string, PlannerState | Error>>) {
  return {
    keys: async () => Object.keys(values),
    async get(key: string) {
      const value = values[key]
      if (value instanceof Error) throw value
      return value ? { value, revision: 1 } : null
    },
  }
}
const run = (runId: string) => newRun(configOf({ runId }), 'started')
const old = new TerminalError('runs/old does not parse')

test('a value that cannot be read hides no other; that the server is away is told', async () => {
  expect(await heldValues(bucketOf({ one: run('one'), old }))).toEqual([
    { key: 'one', value: run('one') },
    { key: 'old', fault: 'runs/old does not parse' },
  ])
  await expect(heldValues(bucketOf({ one: run('one'), away: new Error('TIMEOUT') }))).rejects.toThrow('TIMEOUT')
})

test('a run of another version is no reason not to find the one that is meant; named itself, it says why it is not read', async () => {
  const bus = { kv: () => bucketOf({ one: run('one'), old }) } as unknown as Bus
  expect((await pickRun(bus, undefined, () => true)).config.runId).toBe('one')
  expect((await pickRun(bus, 'one', () => false)).config.runId).toBe('one')
  await expect(pickRun(bus, 'old', () => true)).rejects.toThrow('runs/old does not parse')
  await expect(pickRun(bus, 'none', () => true)).rejects.toThrow('There is no run none')
})
