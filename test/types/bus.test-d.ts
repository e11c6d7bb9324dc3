/** Checked by `npm run types`: each line under an expectation must fail to compile. Nothing here is run. */
import type { Bus, Handler, Handlers } from '../../bus/mod.ts'
import { registry } from '../../schemas/registry.ts'

declare const bus: Bus
const signal = new AbortController().signal
const idle = async () => {}

// A payload of the right form, with every subject token, compiles.
export const sent = bus.publish(
  registry['operator-command'],
  { runId: 'r1', variant: 'rules', id: 'a' },
  { action: 'pause' },
)
export const reported = bus.publish(
  registry['status-changed'],
  { runId: 'r1', id: 'b' },
  { status: 'paused', reason: '' },
)

// @ts-expect-error: a wrong value in the payload
bus.publish(registry['operator-command'], { runId: 'r1', variant: 'rules', id: 'a' }, { action: 'fly' })
// @ts-expect-error: a missing field of the payload
bus.publish(registry['operator-command'], { runId: 'r1', variant: 'rules', id: 'a' }, {})
// @ts-expect-error: another message's payload
bus.publish(registry['operator-command'], { runId: 'r1', variant: 'rules', id: 'a' }, { status: 'paused', reason: '' })
// @ts-expect-error: a work message without the variant, a token of its subject
bus.publish(registry['operator-command'], { runId: 'r1', id: 'a' }, { action: 'pause' })
// @ts-expect-error: without the run
bus.publish(registry['operator-command'], { variant: 'rules', id: 'a' }, { action: 'pause' })
// @ts-expect-error: without a deterministic id
bus.publish(registry['operator-command'], { runId: 'r1', variant: 'rules' }, { action: 'pause' })
// @ts-expect-error: a name is not a message
bus.publish('operator-command', { runId: 'r1', variant: 'rules', id: 'a' }, { action: 'pause' })

// One handler for each message of the role compiles.
export const loop = bus.work({ shard: idle }, { role: 'generator', variant: 'procedural', slots: 1, signal })

// @ts-expect-error: a handler is missing
bus.work({}, { role: 'generator', variant: 'procedural', slots: 1, signal })
// @ts-expect-error: a message of another role
bus.work({ shard: idle, batch: idle }, { role: 'generator', variant: 'procedural', slots: 1, signal })
// @ts-expect-error: an event is nobody's work
export const events: Handlers<'planner'>['decision'] = idle
// @ts-expect-error: the handler takes another payload than the message carries
export const wrong: Handler<'operator-command'> = async (payload: { status: string }) => void payload
// @ts-expect-error: no such bucket
bus.kv('secrets', registry['operator-command'].schema)
// @ts-expect-error: no such account
bus.objects.put('PUBLIC', 'name', new Uint8Array())
