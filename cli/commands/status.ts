import type { Command } from 'commander'
import { spentInAll } from '../../agents/planner/budget-left.ts'
import { PlannerState } from '../../agents/planner/state.ts'
import { type Bus, Presence } from '../../bus/mod.ts'
import { moneyOf, type UsageLine } from '../../schemas/usage.ts'
import { dollars } from '../estimate/tell.ts'
import { printableJson } from '../printable.ts'
import { withBus } from '../session/with-bus.ts'
import { textTable } from '../text-table.ts'

type RunLine = {
  runId: string
  status: string
  phase: string
  attempts: string
  best: string
  /** Calls, tokens and money so far, all resumes together. */
  spent: string
  reason: string
  usage: UsageLine[]
}

async function runLines(bus: Bus): Promise<RunLine[]> {
  const states = bus.kv('runs', PlannerState)
  const held = await Promise.all((await states.keys()).map((key) => states.get(key)))
  return held.flatMap((entry) => {
    if (!entry) return []
    const { config, status, phase, attempts, bestAttempt, statusReason } = entry.value
    const score = attempts.find((each) => each.attempt === bestAttempt)?.validation?.overall[config.primary]
    const best = score ? `attempt ${bestAttempt}: ${score.correct}/${score.total}` : '-'
    return [
      {
        runId: config.runId,
        status,
        phase,
        attempts: `${attempts.length}/${config.attempts}`,
        best,
        spent: spentText(entry.value),
        reason: statusReason,
        usage: spentInAll(entry.value).lines ?? [],
      },
    ]
  })
}

function spentText(state: PlannerState): string {
  const spent = spentInAll(state)
  if (spent.calls === 0) return '-'
  const money = moneyOf(spent, state.config.prices)
  return `${spent.calls} calls, ${spent.inputTokens + spent.outputTokens} tokens, ${dollars(money)}`
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
        if (json) return console.log(printableJson({ runs, agents }))
        if (runs.length > 0) console.log(textTable(runs.map(({ usage: _, ...run }) => run)))
        else console.log('no runs')
        const usage = runs.flatMap(({ runId, usage: lines }) => lines.map((line) => ({ runId, ...line })))
        if (usage.length > 0) console.log(`\n${textTable(usage)}`)
        if (agents.length > 0)
          console.log(`\n${textTable(agents.map((agent) => ({ ...agent, handling: agent.handling.join(', ') })))}`)
        else console.log('no agents are up')
      }),
    )
}
