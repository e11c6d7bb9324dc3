import { JetStreamApiError } from '@nats-io/jetstream'
import { describe, expect, test } from 'vitest'
import { BusAwayError, BusSetupError } from '../../../bus/errors.ts'
import type { Link } from '../../../bus/link.ts'
import { isPassing, throughRestarts } from '../../../bus/retry.ts'
import { ensureTopology } from '../../../bus/topology.ts'
import { BusLimits } from '../../../schemas/bus-limits.ts'

const api = (code: number, err_code: number, description = 'planted') =>
  new JetStreamApiError({ code, err_code, description })
const noRoom = () => api(503, 10_023, 'insufficient resources')

type Made = (kind: 'stream' | 'consumer', how: 'add' | 'update', tries: number) => Error | null

/** LAB's streams are there, with one copy; `refuses` says which requests the server refuses. */
function linkTo(refuses: Made, awayMs = 5000): Link {
  const tries = new Map<string, number>()
  const answer =
    (kind: 'stream' | 'consumer', how: 'add' | 'update') =>
    async (...asked: unknown[]) => {
      const key = `${kind} ${how} ${JSON.stringify(asked)}`
      tries.set(key, (tries.get(key) ?? 0) + 1)
      const error = refuses(kind, how, tries.get(key)!)
      if (error) throw error
      return {}
    }
  const there = { config: { num_replicas: 1, metadata: {} }, state: { messages: 0 } }
  return {
    account: 'LAB',
    nc: { getServer: () => 'h:1' },
    limits: BusLimits.parse({}),
    jsm: {
      streams: { info: async () => there, update: answer('stream', 'update') },
      consumers: { add: answer('consumer', 'add'), update: answer('consumer', 'update') },
    },
    ask: (request: () => Promise<unknown>, what: string) =>
      throughRestarts(request, { deadlineMs: () => awayMs }).catch((error: unknown) => {
        if (!isPassing(error)) throw error
        throw new BusAwayError({ what, where: 'h:1', awayMs, why: String(error) }, { cause: error })
      }),
  } as unknown as Link
}

const raise = (link: Link) =>
  ensureTopology([link], {
    logMaxBytes: 1000,
    logMaxAgeMs: 1000,
    objectsMaxBytes: 1000,
    copies: 3,
    variants: { planner: ['rules'] },
  })
const faultOf = (link: Link) =>
  raise(link).then(
    () => null,
    (error: unknown) => error as BusSetupError | BusAwayError,
  )

describe('while a stream is being scaled, its consumers are waited for', () => {
  test.each<[string, Made]>([
    ['a new consumer', (kind, how, tries) => (kind === 'consumer' && how === 'add' && tries < 4 ? noRoom() : null)],
    [
      'one that is there with another policy',
      (kind, how, tries) => {
        if (kind !== 'consumer') return null
        return how === 'add' ? api(400, 10_148) : tries < 4 ? noRoom() : null
      },
    ],
    ['its stream', (kind, _, tries) => (kind === 'stream' && tries < 3 ? api(400, 10_005) : null)],
  ])('%s', async (_, refuses) => {
    await expect(raise(linkTo(refuses))).resolves.toEqual([])
  })

  test('for so long as for a server that is away, and then the reason is no disk', async () => {
    const fault = await faultOf(linkTo((kind) => (kind === 'consumer' ? noRoom() : null), 300))
    expect(fault).toBeInstanceOf(BusAwayError)
    expect(fault?.message).toMatch(/servers for the stream RUN .*too few servers hold its stream/)
    expect(`${fault?.message} ${fault?.fix}`).not.toMatch(/disk|bytes|insufficient/)
  })
})

test('a stream without room is refused at once, with what it asks for where it says so', async () => {
  const fault = await faultOf(linkTo((kind) => (kind === 'stream' ? noRoom() : null)))
  expect(fault).toBeInstanceOf(BusSetupError)
  expect(fault?.fix).toMatch(/Free disk space/)
  expect(fault?.fix).not.toContain('asks for 0 bytes')
})
