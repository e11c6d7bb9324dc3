import { devNull } from 'node:os'
import { expect, test } from 'vitest'
import { createLog } from '../../../agents/kit/log.ts'
import { supervise } from '../../../launcher/supervisor.ts'
import { BusLimits } from '../../../schemas/bus-limits.ts'
import { SupervisorLimits } from '../../../schemas/session-limits.ts'

test('an agent that cannot start ends its supervisor with the reason and the fix of the agent itself', async () => {
  const identity = { role: 'critic', variant: 'rules', instance: 'critic-a' } as const
  const limits = SupervisorLimits.parse({})
  const launch = {
    ...identity,
    servers: 'nats://127.0.0.1:1',
    // Of no account at all: no restart helps.
    credentials: {},
    sealed: true,
    contaminationKey: null,
    slots: 1,
    options: {},
    home: devNull,
    environment: {},
    delivery: {},
    drainMs: limits.drainMs,
    graceMs: limits.graceMs,
    bus: BusLimits.parse({}),
  }
  const log = createLog({ role: 'supervisor' }, { level: 'silent' })
  const fix = 'Give the process the credentials of its role; a role without the account cannot do this.'
  const agentSpecs = [{ identity, launch: Promise.resolve(launch) }]
  const supervisor = supervise(agentSpecs, limits, { log, stderr: 'inherit', logs: 'nowhere' })
  await expect(supervisor.failed).rejects.toMatchObject({
    message: `The critic critic-a cannot start: critic has no credentials for account LAB (nats://127.0.0.1:1). ${fix}`,
    fix,
  })
  await supervisor.stop()
})
