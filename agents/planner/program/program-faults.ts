import { canonicalJson } from '../../../schemas/hash.ts'
import { present } from '../../../schemas/present.ts'
import { checkCallsOf, leastCheckCallsOf, Program, rowsPerReply, type Source } from '../../../schemas/program.ts'
import { maxPhrasings, type SeedQuestion, seedsOf } from '../../../schemas/task.ts'
import { inLines, parseWithFaults } from '../../../schemas/validation-errors.ts'

/** What a program is checked against beside its own form. Left out: not checked. */
export type ProgramSetting = {
  skills?: readonly string[]
  /** Whether the critic asks a model. */
  meteredChecks?: boolean
  kinds?: readonly Source['kind'][]
  /** The task's seed pool; empty where there is none, or where the run's setting is scratch. */
  seeds?: readonly SeedQuestion[]
  /** Teacher calls that are left. */
  calls?: number
}

/** A program travels in the messages and the state of its run, which the server bounds. */
const maxProgramBytes = 1_000_000

export type CheckedProgram = { ok: true; program: Program } | { ok: false; faults: string[] }

/** Checks a program, each fault with its place and what to write instead, so that a model can act on it. */
export function checkProgram(
  value: unknown,
  { skills, kinds, seeds, calls, meteredChecks }: ProgramSetting = {},
): CheckedProgram {
  const parsed = parseWithFaults(Program, value)
  if ('faults' in parsed) return { ok: false, faults: inLines(parsed.faults, 'the program') }
  const program = parsed.value
  const faults = program.sources.flatMap((source, index) => {
    const at = `sources[${index}]`
    const isWithoutSeeds =
      seeds && source.kind === 'prompt' && source.seeds === 'pool' && seedsOf(seeds, source.skill).length === 0
    return present([
      skills &&
        !skills.includes(source.skill) &&
        `${at}.skill: the task has no skill "${source.skill}"; name one of ${skills.join(', ')}`,
      kinds &&
        !kinds.includes(source.kind) &&
        `${at}.kind: the generator of this run follows no "${source.kind}" source; use "${kinds.join('" or "')}"`,
      source.kind === 'procedure' &&
        source.phrasings > maxPhrasings &&
        `${at}.phrasings: there are ${maxPhrasings}; use 1 to ${maxPhrasings}`,
      isWithoutSeeds &&
        `${at}.seeds: there is no seed pool for skill "${source.skill}" in this run; use mode "scratch"`,
    ])
  })
  if (meteredChecks === false && checkCallsOf(program) > 0) {
    const fix = program.judge ? 'judge: use null, and "none" for a vote' : 'verification: use "none"'
    faults.push(`${fix}; the critic of this run asks no model`)
  }
  const halved = textWithHalf(program)
  if (halved !== null) {
    const what = `the program: half a character stands in "${halved.toWellFormed().slice(0, 80)}"; write the whole one, or leave it out`
    return { ok: false, faults: [...faults, what] }
  }
  const bytes = Buffer.byteLength(canonicalJson(program))
  if (bytes > maxProgramBytes) {
    faults.push(
      `the program: it has ${bytes} bytes, and may have ${maxProgramBytes}; write fewer or shorter seeds, parameter values and templates`,
    )
  }
  if (program.sources.every(({ rows }) => rows === 0))
    faults.push('sources: none of them asks for rows; give at least one "rows" above 0')
  if (calls !== undefined) faults.push(...budgetFaults(program, calls))
  return faults.length > 0 ? { ok: false, faults } : { ok: true, program }
}

/** Teacher calls that a program's rows cost if every reply is admitted: their own, and those they are checked with. */
export function leastCalls(program: Program): number {
  const checks = leastCheckCallsOf(program)
  return program.sources.reduce(
    (sum, source) =>
      source.kind === 'prompt' ? sum + Math.ceil(source.rows / rowsPerReply(source)) + source.rows * checks : sum,
    0,
  )
}

/** The fault of a program that could not be paid though every reply were admitted. */
export function budgetFaults(program: Program, calls: number): string[] {
  const least = leastCalls(program)
  if (least <= calls) return []
  const cheaper = checkCallsOf(program) > 0 ? ', or verify and judge them with fewer calls' : ''
  return [
    `sources: their rows cost at least ${least} teacher calls, and ${calls} are left; ask for fewer rows${cheaper}`,
  ]
}

/** A text with half of a character that takes two places, which can be neither hashed nor sent; null where there is none. */
function textWithHalf(value: unknown): string | null {
  let found: string | null = null
  JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'string' && !part.isWellFormed()) found = part
    return part
  })
  return found
}
