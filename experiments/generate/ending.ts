import { callsLeft, callsOfModel, spentInAll } from '../../agents/planner/budget-left.ts'
import { leastCalls } from '../../agents/planner/program/program-faults.ts'
import { candidatesOf, roundsOf } from '../../agents/planner/rounds.ts'
import type { Attempt, PlannerState } from '../../agents/planner/state.ts'
import { dryText } from '../../agents/planner/trials.ts'
import { plural } from '../../schemas/number-text.ts'
import { type FailureKind, notAsked } from '../../schemas/row.ts'
import { moneyOf } from '../../schemas/spent.ts'

/** How a run that makes data alone ended, or where it rests. */
export type GenerateEnding = {
  /** What stopped it, with the counts behind it. */
  why: string
  /** What lets it go on; null where nothing does. */
  next: {
    /** What a person does before; left out where the command is enough. */
    first?: string
    /** Options of the command that it wants at other values. */
    options: Readonly<Record<string, number>>
  } | null
}

/** Beyond what the rows so far have cost, since the rest may cost more. */
const margin = 1.1

/** More than this many candidates for each row are never advised: another program costs less. */
const maxCandidateCap = 20

/** Of the sources that lack rows. */
const shownSources = 3

/** `isRepeating`: most of what came was there already, so that more of the same would be, too. */
type ShortSource = { text: string; further: number; lacks: number; isDry: boolean; isRepeating: boolean }

/** The most frequent of some counts, as text; nothing where there are none. */
function mostOf(counts: Readonly<Record<string, number>>, text: (count: number, name: string) => string): string {
  const [most] = Object.entries(counts).sort(([, a], [, b]) => b - a)
  return most ? text(most[1], most[0]) : ''
}

/** The sources that lack rows, those with most first: how far each came, and the candidates that the rest wants at its yield so far. */
function shortSources({ program, asked, bySource, examples }: Attempt): ShortSource[] {
  const short = (program?.sources ?? []).flatMap(({ id, rows }) => {
    const { admitted = 0, rejected = {}, failed = {} } = bySource[id] ?? {}
    const lacks = rows - admitted
    if (lacks <= 0) return []
    const candidates = candidatesOf({ asked: { [id]: asked[id] ?? 0 }, bySource })
    const further = admitted > 0 ? (margin * lacks * candidates) / admitted : Math.max(candidates, lacks)
    const exampleOf = (reason: string) => {
      const example = examples?.[id]?.[reason]
      return example === undefined ? '' : ` (for example: ${example})`
    }
    const refused = mostOf(rejected, (count, reason) => `, ${count} refused as ${reason}${exampleOf(reason)}`)
    const lost = mostOf(failed, (count, kind) => `, ${count} gave none (${kind})${exampleOf(kind)}`)
    const text = `"${id}" has ${admitted} of ${rows} ${plural(rows, 'row')} from ${candidates} ${plural(candidates, 'candidate')}${refused}${lost}`
    const repeated = (rejected['exact-duplicate'] ?? 0) + (rejected['near-duplicate'] ?? 0)
    return [{ text, further, lacks, isDry: admitted === 0, isRepeating: 2 * repeated > candidates }]
  })
  return short.sort((a, b) => b.lacks - a.lacks)
}

/** What stopped a run with so many of its rows, and what goes on with it. */
export function generateEndingOf(state: PlannerState, attempt: Attempt, rows: number): GenerateEnding {
  const { config, status, statusReason, stopReason } = state
  const missing = config.rows - rows
  switch (stopReason) {
    case 'rows-complete':
      return { why: 'all are made', next: null }
    case 'budget-used':
      return budgetUsed(state, attempt, missing)
    case 'candidates-used': {
      const { candidateCap } = config.limits
      const candidates = candidatesOf(attempt)
      const most = Math.floor(candidateCap * config.rows)
      const short = shortSources(attempt)
      const wanted = short.reduce((sum, { further }) => sum + further, candidates)
      const cap = `the cap on candidates is reached, ${candidates} of ${most} (${candidateCap} for each row wanted)`
      const why = [cap, ...short.slice(0, shownSources).map(({ text }) => text)].join('; ')
      if (short[0]?.isRepeating || wanted > maxCandidateCap * config.rows)
        return { why: `${why}. ${moreIsNoHelp(short)}`, next: null }
      // More of the same is no help to a source that has no row.
      const first = short.some(({ isDry }) => isDry) ? { first: 'once what keeps the rows away is set right' } : {}
      return { why, next: { ...first, options: { '--candidate-cap': Math.ceil(wanted / config.rows) } } }
    }
    case 'rounds-used':
      return {
        why: `its rounds are used, ${attempt.round} of ${roundsOf(config)}`,
        next: { options: {} },
      }
    case 'hours-used': {
      const { attemptHours, maxHours } = config.limits
      return { why: `its ${Math.min(maxHours, attemptHours ?? maxHours)} hours are used`, next: { options: {} } }
    }
    case 'teacher-unavailable': {
      const dry = dryText(attempt)
      if (dry === null || isAway(attempt)) return unavailable(attempt)
      const first =
        'with another --model, or a program that asks otherwise and another --out, or once the teacher answers it'
      return { why: dry.replaceAll('\n', '; '), next: { first, options: {} } }
    }
    case 'stopped-by-user':
      return { why: 'a person ended it', next: { options: {} } }
    case 'program-raised':
      return { why: `the program failed: ${attempt.error}. Fix it, and give another --out`, next: null }
    case null:
      return status === 'faulted'
        ? { why: `it waits after a fault (${statusReason})`, next: { first: 'once that is fixed', options: {} } }
        : {
            why: `${status === 'stopped' ? 'stopped' : 'interrupted'} in round ${attempt.round}`,
            next: { options: {} },
          }
    default:
      return { why: stopReason, next: null }
  }
}

/** What helps where more candidates would not. */
const moreIsNoHelp = (short: readonly ShortSource[]): string =>
  short[0]?.isRepeating
    ? 'More candidates would repeat these: ask for other ones (parameters, seeds or a higher temperature in the program), or want fewer rows, and give another --out'
    : 'More candidates at this yield would not be enough: set right what keeps the rows away, or want fewer rows, and give another --out'

/** Kinds of failures and reasons that end in no reply, the most telling first. */
const withoutReply = ['refused', 'teacher', 'forbidden', 'gone', 'unchecked'] as const

/** Nothing came of the teacher: what it or its endpoint said, and what helps where something does. */
function unavailable({ bySource, examples = {} }: Attempt): GenerateEnding {
  const counts = Object.values(bySource)
  const asked = counts.reduce((sum, source) => sum + source.asked - notAsked(source), 0)
  const failures = (kind: FailureKind) => counts.reduce((sum, { failed = {} }) => sum + (failed[kind] ?? 0), 0)
  const [refused, forbidden] = [failures('refused'), failures('forbidden')]
  const away = failures('gone') + failures('teacher') + forbidden
  const unchecked = counts.reduce((sum, { rejected }) => sum + (rejected.unchecked ?? 0), 0)
  const notes = [
    refused > 0 && `${refused} of ${asked} ${plural(asked, 'candidate was', 'candidates were')} refused`,
    (away > 0 || refused === 0) && `${away} of ${asked} ${plural(asked, 'candidate')} got no reply`,
    forbidden > 0 && `${forbidden} of them HTTP 403`,
    unchecked > 0 && `${unchecked} got no check`,
  ].filter((note) => note !== false)
  const words = withoutReply.flatMap((kind) => Object.values(examples).flatMap((each) => each[kind] ?? []))
  const why = `${notes.join(', ')}${words[0] === undefined ? '' : `; for example: ${words[0]}`}`
  if (away + unchecked > 0) return { why, next: { first: 'once the teacher answers again', options: {} } }
  return { why: `${why}. Another program or another model may do better, with another --out`, next: null }
}

/** Whether sources without a row had no reply at all: that the teacher is away says more than what was wrong with its replies. */
const isAway = ({ bySource }: Attempt): boolean =>
  Object.values(bySource).every(
    ({ generated, failed = {} }) =>
      generated > 0 ||
      Object.keys(failed).every((kind) => ['gone', 'teacher', 'forbidden', 'budget', 'unasked'].includes(kind)),
  )

type Use = { text: string; isWhole: boolean }

const of = (used: number, most: number | null, unit: string): Use[] =>
  most === null ? [] : [{ text: `${used} of ${most} ${unit}`, isWhole: used >= most }]

function budgetUsed(state: PlannerState, attempt: Attempt, missing: number): GenerateEnding {
  const { limits, prices, rows } = state.config
  const spent = spentInAll(state)
  const used = [
    ...of(spent.calls, limits.teacherCalls, 'calls'),
    ...of(spent.calls, limits.attemptCalls, 'calls of one attempt'),
    ...Object.entries(limits.modelCalls).flatMap(([model, most]) =>
      of(callsOfModel(spent, model), most, `calls of ${model}`),
    ),
    ...of(spent.inputTokens + spent.outputTokens, limits.tokens, 'tokens'),
    ...of(moneyOf(spent, prices) ?? 0, limits.money, 'dollars'),
  ]
  const isUsed = used.some(({ isWhole }) => isWhole)
  const what = isUsed ? 'the budget is used' : 'one more candidate, at its longest, might cost more than is left'
  const why = `${what}: ${used.map(({ text }) => text).join(', ')}`
  const isOfCalls = limits.teacherCalls !== null && limits.teacherCalls - spent.calls <= callsLeft(state, attempt)
  if (!isOfCalls) return { why, next: { first: 'with a topology whose limits under "run" are higher', options: {} } }
  const least = attempt.program ? leastCalls(attempt.program) : rows
  const made = rows - missing
  const each = made > 0 ? Math.max(spent.calls / made, least / rows) : (2 * least) / rows
  return { why, next: { options: { '--budget': Math.ceil(spent.calls + margin * missing * each) } } }
}
