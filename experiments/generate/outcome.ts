import { join } from 'node:path'
import type { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { writeWhole } from '../../machine/state-file.ts'
import { plural } from '../../schemas/number-text.ts'
import { notAsked, type Yield } from '../../schemas/row.ts'
import type { StopReason } from '../../schemas/run.ts'
import { callsText, lostOf, moneyOf, spentTogether } from '../../schemas/spent.ts'
import type { Spent } from '../../schemas/usage.ts'
import { type ExportTo, exportAttempt } from '../export/export-attempt.ts'
import { commandAgain } from '../run/command-again.ts'
import { generateEndingOf } from './ending.ts'
import { outcomeFile } from './out-folder.ts'
import { unfinishedWork } from './unfinished.ts'

/** What `generation.json` holds. */
export type GenerationFacts = {
  runId: string
  wanted: number
  rows: number
  /** Null while the run is not finished; its last round's rows are then provisional. */
  stopReason: StopReason | null
  /** The same as text, with the counts behind it. */
  why: string
  rounds: number
  /** Asked = generated + failed; generated = admitted + rejected. */
  bySource: Readonly<Record<string, Yield>>
  /** By role, model and stage in `lines`; all resumes together, and what was spent on shards that are not finished. */
  spent: Spent
  /** Of its calls those that are known to have been made; the others were reserved by processes that died. */
  leastCalls: number
  /** Paid for beside the rows: replies of shards that are not finished, of which the command that goes on makes rows. */
  keptReplies: number
  /** US dollars for those tokens; null where the price is not known. */
  money: number | null
  callLimit: number | null
  model: string
  /** Of votes and judge scores; null where the program asks for none. */
  judgeModel: string | null
  seed: number
  programHash: string | null
  datasetHash: string | null
}

/**
 * Writes what a run of data alone made so far: the rows in a format, and `generation.json` with the counts behind them. Reports what
 * stopped it and the command that goes on; gives whether all rows are there.
 */
export async function writeOutcome(
  bus: Bus,
  state: PlannerState,
  to: ExportTo & { model: string; wanted: number },
  reporter: Reporter,
): Promise<boolean> {
  const { config, stopReason } = state
  const [attempt] = state.attempts
  if (!attempt) return false
  const { rows, data, made } = await exportAttempt(bus, config, attempt, to)
  const at = { runId: config.runId, attempt: attempt.attempt, round: attempt.round }
  const models = { generator: to.model, critic: config.models.critic ?? to.model }
  const unfinished = stopReason === null ? await unfinishedWork(bus, at, models) : null
  const kept = unfinished?.replies ?? 0
  const spent = spentTogether([made.spent, unfinished?.spent])
  const { why, next } = generateEndingOf(state, attempt, rows)
  const bySource = made.bySource()
  const facts: GenerationFacts = {
    runId: config.runId,
    wanted: to.wanted,
    rows,
    stopReason,
    why,
    rounds: attempt.round,
    bySource,
    spent,
    leastCalls: spent.calls - lostOf(spent),
    keptReplies: kept,
    money: moneyOf(spent, config.prices),
    callLimit: config.limits.teacherCalls,
    model: to.model,
    judgeModel: config.models.critic ?? null,
    seed: config.seed,
    programHash: attempt.programHash,
    datasetHash: attempt.datasetHash,
  }
  await writeWhole(join(to.out, outcomeFile), `${JSON.stringify(facts, null, 2)}\n`)
  const asked = Object.values(bySource).reduce((sum, source) => sum + source.asked - notAsked(source), 0)
  reporter.line(
    `${rows} of ${to.wanted} ${plural(to.wanted, 'row')} from ${asked} ${plural(asked, 'candidate')} and ${callsText(spent.calls, lostOf(spent))}: ${why}`,
  )
  reporter.line(`rows: ${data}`)
  if (kept > 0)
    reporter.line(`kept beside them: ${kept} ${plural(kept, 'reply', 'replies')} of shards that are not finished`)
  if (next) {
    const { first, options } = next
    reporter.line(
      `nothing is lost. To go on${first ? `, ${first}` : ''}: ${commandAgain(process.argv.slice(2), options)}`,
    )
  }
  return rows >= to.wanted
}
