import { PlannerState } from '../../agents/planner/state.ts'
import { type Bus, heldValues, Presence } from '../../bus/mod.ts'
import { textTable } from '../../launcher/console/terminal.ts'
import { findSession } from '../../launcher/live-session.ts'
import { troubleLine } from '../../launcher/troubles.ts'
import { hasRuns, withBus } from '../../launcher/with-bus.ts'
import { homeFolder } from '../../machine/folders.ts'
import { dollars } from '../../schemas/number-text.ts'
import { printable, printableJson } from '../../schemas/printable.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { callsText, lostOf, moneyOf } from '../../schemas/spent.ts'
import type { UsageLine } from '../../schemas/usage.ts'
import { type AgentTrouble, troublesIn, wantedBy, worksOn } from '../../trace/troubles.ts'
import { spentSoFar } from '../generate/unfinished.ts'
import { goesOnWith } from '../run/goes-on-with.ts'

/** A run as `status --json` shows it; what is not there, or cannot be read, is null. */
export type RunLine = {
  runId: string
  status: string
  phase: string | null
  attempts: { done: number; of: number } | null
  /** The chosen attempt, with its right answers on validation. */
  best: { attempt: number; correct: number; total: number } | null
  /** So far, all resumes together. Calls at most: so many of them are lost, which may not have been made. Money in dollars. */
  spent: { calls: number; lost: number; inputTokens: number; outputTokens: number; money: number | null } | null
  reason: string
  usage: UsageLine[]
  /** The command that goes on with it; of a run that nobody works on. */
  resume?: string
  /** Null where the run cannot be read. */
  config: RunConfig | null
  /** Whether it makes rows alone. */
  isGenerate: boolean
}

async function runLines(bus: Bus): Promise<RunLine[]> {
  const lines = (await heldValues(bus.kv('runs', PlannerState))).map(async (held) => {
    const { key: runId } = held
    if ('fault' in held) {
      const unknown = {
        phase: null,
        attempts: null,
        best: null,
        spent: null,
        usage: [],
        config: null,
        isGenerate: false,
      }
      return { runId, status: 'unreadable', ...unknown, reason: held.fault.split('\n')[0]! }
    }
    const { config, status, phase, attempts, bestAttempt, statusReason: reason } = held.value
    const score = attempts.find((each) => each.attempt === bestAttempt)?.validation?.overall[config.primary]
    const spent = await spentSoFar(bus, held.value)
    return {
      runId,
      status,
      phase,
      attempts: { done: attempts.length, of: config.attempts },
      best: score && bestAttempt !== null ? { attempt: bestAttempt, correct: score.correct, total: score.total } : null,
      spent: {
        calls: spent.calls,
        lost: lostOf(spent),
        inputTokens: spent.inputTokens,
        outputTokens: spent.outputTokens,
        money: moneyOf(spent, config.prices),
      },
      reason,
      usage: spent.lines ?? [],
      config,
      isGenerate: config.generate !== undefined,
    }
  })
  return Promise.all(lines)
}

/** The same as cells of a table; the reason comes last, since it may be long. */
const cellsOf = ({ usage: _, config: __, resume: ___, isGenerate, reason, ...run }: RunLine) => ({
  ...run,
  attempts: run.attempts && `${run.attempts.done}/${run.attempts.of}`,
  best: run.best && `attempt ${run.best.attempt}: ${run.best.correct}/${run.best.total}`,
  spent: run.spent && run.spent.calls > 0 ? spentText(run.spent) : null,
  makes: isGenerate ? 'rows' : 'a student model',
  reason,
})

const spentText = ({ calls, lost, inputTokens, outputTokens, money }: NonNullable<RunLine['spent']>): string =>
  `${callsText(calls, lost)}, ${inputTokens + outputTokens} tokens, ${dollars(money)}`

/** A server that was started for this command has no agents: what it stored of them is left from a session that was killed. */
async function agentsThere(bus: Bus): Promise<Presence[]> {
  if (!process.env.NATS_URL && !(await findSession())) return []
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

const isAgent = ({ role }: Presence) => role !== 'operator' && role !== 'gateway'

/** A run that is not over, and that no agent is there for, was interrupted, or waits to go on. */
async function withResume(run: RunLine, isAnyThere: boolean): Promise<RunLine> {
  const { status, config } = run
  if (config === null || isAnyThere || !['running', 'paused', 'stopped', 'faulted'].includes(status)) return run
  return { ...run, status: status === 'running' ? 'interrupted' : status, resume: await goesOnWith(config) }
}

/** What keeps running runs from going on. What agents wait for by themselves is in their table. */
async function troublesOf(runs: readonly RunLine[], there: readonly Presence[]): Promise<AgentTrouble[]> {
  const running = runs.flatMap(({ status, config }) => (status === 'running' && config ? [config] : []))
  const isAnyThere = there.some(isAgent)
  const unserved = running.map(async (config): Promise<AgentTrouble[]> => {
    const { runId } = config
    const missing = wantedBy(config).filter((wanted) => !there.some((agent) => worksOn(agent, wanted)))
    const asking = missing.flatMap(({ role, does }) => (does === undefined ? [] : [`a ${role} that ${does}`]))
    if (isAnyThere && asking.length === 0) return []
    const waits = asking.length > 0 ? `waits for ${asking.join(' and ')}.` : ''
    const text = isAnyThere
      ? waits
      : `is not finished, and none of its agents is there. ${waits && `It ${waits}`}`.trim()
    const fix = `To go on: ${await goesOnWith(config)}.`
    return [{ who: `run ${runId}`, code: 'missing', text, fix }]
  })
  const wanted = isAnyThere ? running.flatMap(wantedBy).filter(({ does }) => does === undefined) : []
  return [...(await Promise.all(unserved)).flat(), ...troublesIn(there, wanted).filter(({ code }) => code !== 'waits')]
}

/** What was reserved and is in no journal is under way while agents are at work, and lost with a process that died. */
const stageText = (stage: UsageLine['stage'], status: RunLine['status']): string =>
  stage === 'lost' && status === 'running' ? 'in flight, or lost' : stage

/** Prints the runs of this home, what each has used, the agents that are up, and what keeps a run from going on. */
export async function printStatus({ json }: { json: boolean }): Promise<void> {
  if (!json) console.log(`home ${homeFolder()}\n`)
  if (!hasRuns()) return console.log(json ? printableJson({ runs: [], agents: [], troubles: [] }) : 'no runs')
  await withBus(async (bus) => {
    const [lines, there] = await Promise.all([runLines(bus), agentsThere(bus)])
    const [agents, troubles] = [there.map(agentLine), await troublesOf(lines, there)]
    const isAnyThere = there.some(isAgent)
    const runs = await Promise.all(lines.map((run) => withResume(run, isAnyThere)))
    if (json) {
      const shown = runs.map(({ config: _, ...run }) => run)
      return console.log(printableJson({ runs: shown, agents, troubles }))
    }
    if (runs.length > 0) console.log(textTable(runs.map(cellsOf)))
    else console.log('no runs')
    const resting = runs.flatMap(({ runId, status, resume }) =>
      resume && status !== 'interrupted' ? [`run ${runId} is ${status}. To go on: ${resume}`] : [],
    )
    for (const line of resting) console.log(printable(line))
    const usage = lines.flatMap(({ runId, status, usage: lines }) =>
      lines.map((line) => ({ runId, ...line, stage: stageText(line.stage, status) })),
    )
    if (usage.length > 0) console.log(`\n${textTable(usage)}`)
    if (agents.length > 0)
      console.log(`\n${textTable(agents.map((agent) => ({ ...agent, handling: agent.handling.join(', ') })))}`)
    else console.log('no agents are up')
    if (troubles.length > 0) console.log(`\n${printable(troubles.map(troubleLine).join('\n'))}`)
  })
}
