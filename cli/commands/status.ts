import type { Command } from 'commander'
import { PlannerState } from '../../agents/planner/state.ts'
import { type Bus, heldValues, Presence } from '../../bus/mod.ts'
import { spentSoFar } from '../../experiments/generate/unfinished.ts'
import { textTable } from '../../launcher/console/terminal.ts'
import { troubleLine } from '../../launcher/troubles.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { dollars } from '../../schemas/number-text.ts'
import { printable, printableJson } from '../../schemas/printable.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { callsText, moneyOf } from '../../schemas/spent.ts'
import type { Spent, UsageLine } from '../../schemas/usage.ts'
import { type Found, troublesIn, wantedBy, worksOn } from '../../trace/troubles.ts'

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
  config: RunConfig | null
  /** Whether it makes rows alone. */
  isGenerate: boolean
}

async function runLines(bus: Bus): Promise<RunLine[]> {
  const lines = (await heldValues(bus.kv('runs', PlannerState))).map(async (held) => {
    const { key: runId } = held
    if ('fault' in held) {
      const unknown = { phase: '-', attempts: '-', best: '-', spent: '-', usage: [], config: null, isGenerate: false }
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
      config,
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
  const running = runs.flatMap(({ status, config }) => (status === 'running' && config ? [config] : []))
  const isAgent = ({ role }: Presence) => role !== 'operator' && role !== 'gateway'
  const isAnyThere = there.some(isAgent)
  const unserved = running.flatMap((config): Found[] => {
    const { runId } = config
    const missing = wantedBy(config).filter((wanted) => !there.some((agent) => worksOn(agent, wanted)))
    const asking = missing.flatMap(({ role, does }) => (does === undefined ? [] : [`a ${role} that ${does}`]))
    if (isAnyThere && asking.length === 0) return []
    const waits = asking.length > 0 ? `waits for ${asking.join(' and ')}.` : ''
    const text = isAnyThere
      ? waits
      : `is not finished, and none of its agents is there. ${waits && `It ${waits}`}`.trim()
    const fix = `To go on: ${config.generate ? 'the generate command that began it' : `npx syllabus resume ${runId}`}.`
    return [{ who: `run ${runId}`, code: 'missing', text, fix }]
  })
  const wanted = isAnyThere ? running.flatMap(wantedBy).filter(({ does }) => does === undefined) : []
  return [...unserved, ...troublesIn(there, wanted).filter(({ code }) => code !== 'waits')]
}

/** What was reserved and is in no journal is under way while agents are at work, and lost with a process that died. */
const stageText = (stage: UsageLine['stage'], status: RunLine['status']): string =>
  stage === 'lost' && status === 'running' ? 'in flight, or lost' : stage

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
          const shown = runs.map(({ config: _, ...run }) => run)
          return console.log(printableJson({ runs: shown, agents, troubles }))
        }
        if (runs.length > 0) console.log(textTable(runs.map(({ usage: _, config: __, ...run }) => run)))
        else console.log('no runs')
        const usage = runs.flatMap(({ runId, status, usage: lines }) =>
          lines.map((line) => ({ runId, ...line, stage: stageText(line.stage, status) })),
        )
        if (usage.length > 0) console.log(`\n${textTable(usage)}`)
        if (agents.length > 0)
          console.log(`\n${textTable(agents.map((agent) => ({ ...agent, handling: agent.handling.join(', ') })))}`)
        else console.log('no agents are up')
        if (troubles.length > 0) console.log(`\n${printable(troubles.map(troubleLine).join('\n'))}`)
      }),
    )
}
