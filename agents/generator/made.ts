import { z } from 'zod'
import { Batch, TrialOutcome } from '../../schemas/messages/generation.ts'
import { describePlugin, type LocalPlugin } from '../../schemas/plugin.ts'
import { Row } from '../../schemas/row.ts'
import { reasonOf } from '../../schemas/user-error.ts'
import type { GeneratorWork, MadeShard } from '../sdk/generator.ts'
import { type OnFault, PluginFault } from '../sdk/remote.ts'

/*
 * What a plug-in made of a shard, as its host takes it:
 * M1  Each index of the shard has candidates or one failure; what it leaves out is a failure.
 * M2  Id, skill and source are those of the shard, and the origin says which code it was, whatever the plug-in wrote there.
 * M3  A row that is longer than the program's contract allows is a failure: it is not carried any further.
 */

const { failures } = Batch.schema.shape
const Given = z.object({
  candidates: z.array(Row.extend({ origin: Row.shape.origin.partial().default({}) })),
  failures: failures.default([]),
  trial: TrialOutcome.optional(),
})

type Failure = MadeShard['failures'][number]

const mostReasonChars = 300
/** Of an origin as JSON. */
const mostOriginChars = 4000

/** @throws PluginFault for what is no answer to the shard at all */
export function checkedMade(
  given: unknown,
  work: GeneratorWork,
  plugin: LocalPlugin,
  onFault: OnFault = () => {},
): MadeShard {
  const { from, count, trial: isTrial } = work.shard
  const refuse = (what: string): never => {
    const reason = `${describePlugin(plugin)} ${what}`
    onFault(reason, 'Correct what its make function gives; see docs/agents.md.')
    throw new PluginFault(`the plug-in ${reason}`)
  }
  const { data, error } = Given.safeParse(given)
  if (!data) return refuse(`gave no candidates: ${z.prettifyError(error)}`)
  const outcomes = new Map<number, Row[] | Failure>()
  const fail = (index: number, reason: string, kind: Failure['kind'] = 'unusable') => {
    outcomes.set(index, { index, reason: `${plugin.name}: ${reason}`.slice(0, mostReasonChars), kind })
  }
  for (const { index, reason, kind } of data.failures) fail(index, reason, kind)
  const seen = new Set<string>()
  for (const row of data.candidates) {
    const place = placeIn(row.id, work)
    if (!place) return refuse(`gave a row with the id "${row.id.slice(0, 80)}", which is none of its shard`)
    const before = outcomes.get(place.index)
    if (before && !Array.isArray(before)) continue
    const fault = seen.has(row.id) ? 'it gave two rows of one id' : faultOf(row, work)
    seen.add(row.id)
    if (fault) fail(place.index, fault)
    else outcomes.set(place.index, [...(before ?? []), owned(row, work, plugin)])
  }
  const all = Array.from({ length: count }, (_, offset) => {
    const index = from + offset
    return (
      outcomes.get(index) ?? { index, reason: `${plugin.name}: gave nothing for this index`, kind: 'unusable' as const }
    )
  })
  const made = all.filter((each) => Array.isArray(each))
  return {
    asked: count,
    candidates: made.flat(),
    failures: all.flatMap((each) => (Array.isArray(each) ? [] : [each])),
    ...(isTrial !== undefined && {
      trial:
        made.length > 0 ? { usable: true as const } : (data.trial ?? { usable: false, calls: isTrial, why: 'no row' }),
    }),
  }
}

const idForm = /^a(\d+)\.r(\d+)\.(.+)\.(\d+)\.(\d+)$/

function placeIn(id: string, { shard, source }: GeneratorWork): { index: number } | null {
  const [, attempt, round, of, at] = idForm.exec(id) ?? []
  const index = Number(at)
  const isOurs = Number(attempt) === shard.round.attempt && Number(round) === shard.round.round && of === source.id
  return isOurs && index >= shard.from && index < shard.from + shard.count ? { index } : null
}

function faultOf(
  { instruction, input, output, origin }: z.infer<typeof Given>['candidates'][number],
  work: GeneratorWork,
): string | null {
  const { maxInputChars, maxOutputChars } = work.program.contract
  if (input.length > maxInputChars) return `an input of ${input.length} characters; the program allows ${maxInputChars}`
  if (output.length > maxOutputChars)
    return `an output of ${output.length} characters; the program allows ${maxOutputChars}`
  if (instruction.length > maxInputChars + work.task.instruction.length)
    return `an instruction of ${instruction.length} characters`
  const size = JSON.stringify(origin).length
  return size > mostOriginChars ? `an origin of ${size} characters; ${mostOriginChars} are allowed` : null
}

const owned = (
  row: z.infer<typeof Given>['candidates'][number],
  { source }: GeneratorWork,
  { name, version, hash }: LocalPlugin,
): Row => ({
  ...row,
  skill: source.skill,
  source: source.id,
  origin: { ...row.origin, generator: name, plugin: { version, hash } },
})

/** A shard whose plug-in did not do it: each index failed, for the same reason. */
export function failedShard({ shard }: GeneratorWork, error: unknown): MadeShard {
  if (!(error instanceof PluginFault)) throw error
  const { from, count, trial } = shard
  const reason = reasonOf(error).slice(0, mostReasonChars)
  return {
    asked: count,
    candidates: [],
    failures: Array.from({ length: count }, (_, offset) => ({
      index: from + offset,
      reason,
      kind: 'unusable' as const,
    })),
    ...(trial !== undefined && { trial: { usable: false as const, calls: 0, why: reason } }),
  }
}
