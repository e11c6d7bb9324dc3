import type { CarryOver, Program } from '../../../schemas/program.ts'
import { whyIncomplete } from '../../../tasks/reply/ending.ts'
import { lastObject } from '../../../tasks/reply/objects.ts'
import { apportion } from '../apportion.ts'
import type { Situation } from '../policy.ts'
import { copiedItems } from '../program/copied-items.ts'
import { withinBounds } from '../program/filter-bounds.ts'
import { hookFaults } from '../program/hook-faults.ts'
import { budgetFaults, checkProgram } from '../program/program-faults.ts'
import { rowsBySkill } from '../rows-by-skill.ts'
import type { ChatReply } from './chat.ts'

export type Reviewed = { ok: true; program: Program; notes: string[] } | { ok: false; faults: string[] }

/**
 * Self-review without a model: finds the program in a reply and checks all that can be checked of it. Numbers that are merely off
 * (rows that do not add up, more carried over than there is) are set right and noted; everything else goes back as faults.
 */
export async function review(reply: ChatReply, situation: Situation): Promise<Reviewed> {
  const incomplete = whyIncomplete(reply)
  const found = lastObject(reply.text, programForm, false)
  // Of a program that does not parse as a whole, a part may: what that lacks would mislead. So may one that stands before it.
  const isWhole = incomplete === null || (reply.truncated && !reply.thinking && /\}[\s`]*$/.test(reply.text))
  if (!isWhole || 'fault' in found) {
    const option = reply.room === undefined ? ' (agents.planner.options.maxTokens)' : ''
    const shorter = reply.truncated ? `${option}: write a shorter program` : ''
    return {
      ok: false,
      faults: [incomplete === null ? noProgram : `the reply cannot be used: ${incomplete}${shorter}`],
    }
  }
  const cases = new Map((situation.best?.badCases ?? []).map(({ id, input }) => [`@${id}`, input]))
  const checked = checkProgram(withSeeds(found.object, cases), {
    skills: situation.task.skills.map(({ name }) => name),
    kinds: situation.sourceKinds,
    meteredChecks: situation.meteredChecks,
    seeds: situation.task.seeds,
  })
  if (!checked.ok) return checked
  const { filters, notes } = withinBounds(checked.program.filters, situation.task)
  const program = { ...checked.program, filters }
  const faults = [
    ...seedFaults(program, new Set(cases.values())),
    ...copiedItems(program, situation.task.validation),
    ...carryFaults(program.carryOver, situation),
    ...(await hookFaults(program, situation.task)),
  ]
  if (faults.length > 0) return { ok: false, faults }
  const whole = withRows(program, situation)
  const unpaid = whole.ok ? budgetFaults(whole.program, situation.left.teacherCalls ?? Number.POSITIVE_INFINITY) : []
  if (unpaid.length > 0) return { ok: false, faults: unpaid }
  return whole.ok ? { ...whole, notes: [...notes, ...whole.notes] } : whole
}

/** Whatever has sources is a program, or was to be one. */
const programForm = { sources: '' }
const noProgram = 'there is no JSON object with "sources" in the reply that parses'

/** Seeds that name a failed case as `@id` become its question. */
function withSeeds(written: unknown, cases: ReadonlyMap<string, string>): unknown {
  const { sources } = written as { sources?: unknown }
  if (!Array.isArray(sources)) return written
  const resolved = sources.map((source: unknown) => {
    if (typeof source !== 'object' || source === null || !('seeds' in source) || !Array.isArray(source.seeds))
      return source
    return { ...source, seeds: source.seeds.map((seed: unknown) => cases.get(String(seed)) ?? seed) }
  })
  return { ...(written as object), sources: resolved }
}

/** Error-driven sources start from failed validation cases, those of mode seed from the task's pool, and from nothing else. */
function seedFaults(program: Program, known: ReadonlySet<string>): string[] {
  return program.sources.flatMap((source, index) => {
    if (source.kind !== 'prompt' || source.seeds === 'pool') return []
    if (source.mode === 'seed') return [`sources[${index}].seeds: write "pool": seeds are the task's own`]
    const strange = source.seeds.filter((seed) => !known.has(seed))
    return strange.length === 0
      ? []
      : [
          `sources[${index}].seeds: ${strange.slice(0, 3).join(', ')}: no such failed case; name them as "@id" from the list`,
        ]
  })
}

function carryFaults(carryOver: CarryOver | null, { history }: Situation): string[] {
  if (!carryOver) return []
  const from = history.find(({ attempt }) => attempt === carryOver.attempt)
  return from?.dataset && from.rows > 0
    ? []
    : [`carryOver.attempt: attempt ${carryOver.attempt} has no rows to keep; use null`]
}

/** The same program with as many rows as are wanted: carried over no more than there are, the sources in proportion. */
function withRows(program: Program, situation: Situation): Reviewed {
  const notes: string[] = []
  const { carryOver } = program
  const from = situation.history.find(({ attempt }) => attempt === carryOver?.attempt)
  const have = from ? rowsBySkill(from) : new Map<string, number>()
  const kept = Object.entries(carryOver?.rows ?? {}).map(
    ([skill, count]) => [skill, Math.min(count, have.get(skill) ?? 0)] as const,
  )
  const total = (rows: readonly (readonly [string, number])[]) => rows.reduce((sum, [, count]) => sum + count, 0)
  const asked = total(Object.entries(carryOver?.rows ?? {}))
  if (total(kept) < asked) notes.push(`${asked - total(kept)} rows to carry over do not exist`)
  const fresh = situation.rows - total(kept)
  if (fresh <= 0) {
    return {
      ok: false,
      faults: [`carryOver.rows: ${total(kept)} rows are kept of ${situation.rows}; leave room for new ones`],
    }
  }
  const wanted = new Map(program.sources.map(({ id, rows }) => [id, rows]))
  const sum = total([...wanted])
  if (sum !== fresh) notes.push(`its sources asked for ${sum} rows and were set to ${fresh} in proportion`)
  const shares = apportion(wanted, fresh)
  return {
    ok: true,
    notes,
    program: {
      ...program,
      sources: program.sources.map((source) => ({ ...source, rows: shares.get(source.id) ?? 0 })),
      carryOver: carryOver && total(kept) > 0 ? { ...carryOver, rows: Object.fromEntries(kept) } : null,
    },
  }
}
