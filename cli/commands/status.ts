import type { Command } from 'commander'
import { PlannerState } from '../../agents/planner/state.ts'
import { type Bus, Presence } from '../../bus/mod.ts'
import { withBus } from '../with-bus.ts'

type RunLine = { runId: string; status: string; phase: string; attempts: string; best: string; reason: string }

async function runLines(bus: Bus): Promise<RunLine[]> {
  const states = bus.kv('runs', PlannerState)
  const held = await Promise.all((await states.keys()).map((key) => states.get(key)))
  return held.flatMap((entry) => {
    if (!entry) return []
    const { config, status, phase, attempts, bestAttempt, statusReason } = entry.value
    const score = attempts.find((each) => each.attempt === bestAttempt)?.validation?.overall.strict
    const best = score ? `attempt ${bestAttempt}: ${score.correct}/${score.total}` : '-'
    return [
      {
        runId: config.runId,
        status,
        phase,
        attempts: `${attempts.length}/${config.attempts}`,
        best,
        reason: statusReason,
      },
    ]
  })
}

async function agentLines(bus: Bus) {
  const kv = bus.kv('agents', Presence)
  const held = await Promise.all((await kv.keys()).map((key) => kv.get(key)))
  return held.flatMap((entry) => {
    if (!entry) return []
    const { role, variant, instance, pid, host, lastMessageAt, handling, waiting } = entry.value
    return [{ role, variant, instance, pid, host, lastMessageAt, handling, waiting }]
  })
}

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('runs, and the agents that are up')
    .option('--json', 'JSON instead of tables', false)
    .action(async ({ json }: { json: boolean }) =>
      withBus(async (bus) => {
        const [runs, agents] = [await runLines(bus), await agentLines(bus)]
        if (json) return console.log(JSON.stringify({ runs, agents }))
        if (runs.length > 0) console.table(runs)
        else console.log('no runs')
        if (agents.length > 0) console.table(agents.map((agent) => ({ ...agent, handling: agent.handling.join(', ') })))
        else console.log('no agents are up')
      }),
    )
}
