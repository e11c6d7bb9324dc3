import type { Command } from 'commander'
import { PlannerState } from '../../agents/planner/state.ts'
import { type Bus, heldValues, Presence } from '../../bus/mod.ts'
import { dollars } from '../../experiments/estimate/tell.ts'
import { spentSoFar } from '../../experiments/generate/unfinished.ts'
import { textTable } from '../../launcher/console/text-table.ts'
import { type Found, troubleLine, troublesIn, wantedBy } from '../../launcher/troubles.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { printable, printableJson } from '../../schemas/printable.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { callsText, moneyOf, type Spent, type UsageLine } from '../../schemas/usage.ts'

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
  /** Null where the run cannot be read. */
  variants: RunConfig['variants'] | null
  /** Whether it makes rows alone. */
  isGenerate: boolean
}

async function runLines(bus: Bus): Promise<RunLine[]> {
  const lines = (await heldValues(bus.kv('runs', PlannerState))).map(async (held) => {
    const { key: runId } = held
    if ('fault' in held) {
      const unknown = { phase: '-', attempts: '-', best: '-', spent: '-', usage: [], variants: null, isGenerate: false }
      return { runId, status: 'unreadable', ...unknown, reason: held.fault.split('\n')[0]! }
    }
    const { config, status, phase, attempts, bestAttempt, statusReason: reason } = held.value
    const score = attempts.find((each) => each.attempt === bestAttempt)?.validation?.overall[config.primary]
    const spent = await spentSoFar(bus, held.value)
    return {
      runId,
      status,
      phase,
      attempts: `${attempts.length}/${config.attempts}`,
      best: score ? `attempt ${bestAttempt}: ${score.correct}/${score.total}` : '-',
      spent: spentText(spent, config),
      reason,
      usage: spent.lines ?? [],
      variants: config.variants,
      isGenerate: config.generate !== undefined,
    }
  })
  return Promise.all(lines)
}

function spentText(spent: Spent, { prices }: RunConfig): string {
  if (spent.calls === 0) return '-'
  const money = moneyOf(spent, prices)
  return `${callsText(spent)}, ${spent.inputTokens + spent.outputTokens} tokens, ${dollars(money)}`
}

async function agentsThere(bus: Bus): Promise<Presence[]> {
  return (await heldValues(bus.kv('agents', Presence))).flatMap((held) => ('value' in held ? [held.value] : []))
}

const agentLine = ({ role, variant, instance, pid, host, lastMessageAt, handling, waiting }: Presence) => ({
  role,
  variant,
  instance,
  pid,
  host,
  lastMessageAt,
  handling,
  waiting,
})

/** What keeps running runs from going on. What agents wait for by themselves is in their table. */
function troublesOf(runs: readonly RunLine[], there: readonly Presence[]): Found[] {
  const running = runs.filter(({ status }) => status === 'running')
  if (!there.some(({ role }) => role !== 'operator' && role !== 'gateway')) {
    return running.map(({ runId, isGenerate }) => ({
      who: `run ${runId}`,
      code: 'missing',
      text: 'is not finished, and none of its agents is there.',
      fix: isGenerate ? 'To go on: the generate command that began it.' : `To go on: npx syllabus resume ${runId}.`,
    }))
  }
  const wanted = running.flatMap(({ variants }) => (variants ? wantedBy(variants) : []))
  return troublesIn(there, wanted).filter(({ code }) => code !== 'waits')
}

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('runs, and the agents that are up')
    .option('--json', 'JSON instead of tables', false)
    .action(async ({ json }: { json: boolean }) =>
      withBus(async (bus) => {
        const [runs, there] = await Promise.all([runLines(bus), agentsThere(bus)])
        const [agents, troubles] = [there.map(agentLine), troublesOf(runs, there)]
        if (json) {
          const shown = runs.map(({ variants: _, ...run }) => run)
          return console.log(printableJson({ runs: shown, agents, troubles }))
        }
        if (runs.length > 0) console.log(textTable(runs.map(({ usage: _, variants: __, ...run }) => run)))
        else console.log('no runs')
        const usage = runs.flatMap(({ runId, usage: lines }) => lines.map((line) => ({ runId, ...line })))
        if (usage.length > 0) console.log(`\n${textTable(usage)}`)
        if (agents.length > 0)
          console.log(`\n${textTable(agents.map((agent) => ({ ...agent, handling: agent.handling.join(', ') })))}`)
        else console.log('no agents are up')
        if (troubles.length > 0) console.log(`\n${printable(troubles.map(troubleLine).join('\n'))}`)
      }),
    )
}
