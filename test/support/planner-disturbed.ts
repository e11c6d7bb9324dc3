import fc from 'fast-check'
import { expect } from 'vitest'
import type { PlannerState } from '../../agents/planner/state.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { type Behaviour, createWorld, play, type World } from './planner-world.ts'

type Played = { world: World; state: PlannerState }

/**
 * Plays a run once in calm, then many times with events that come twice and processes that crash, and holds each to the calm one: it
 * ends, with the same messages and what `check` says. A process that crashes for ever gets nowhere: after `most` disturbances there are
 * no more.
 */
export async function playDisturbed(
  config: RunConfig,
  { most, ...behaviour }: Behaviour & { most: number },
  check: (disturbed: Played, calm: Played) => void,
): Promise<void> {
  const calm = createWorld(config, behaviour)
  const expected = await play(calm)
  const messages = (world: World) => [...world.sent.keys()].toSorted()
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(fc.constantFrom('repeat' as const, 'crash' as const, 'none' as const)),
      async (disturbances) => {
        const world = createWorld(config, behaviour)
        let left = most
        const state = await play(world, { disturb: () => (left-- > 0 ? disturbances.next().value! : 'none') })
        expect(state.status).toBe('finished')
        expect(messages(world)).toEqual(messages(calm))
        check({ world, state }, { world: calm, state: expected })
      },
    ),
    { numRuns: 25 },
  )
}
