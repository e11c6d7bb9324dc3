import { sha256 } from '../../schemas/hash.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { Batch, Shard, TrialOutcome } from '../../schemas/messages/generation.ts'
import type { Program, Source } from '../../schemas/program.ts'
import type { Row } from '../../schemas/row.ts'
import type { PublicTask } from '../../schemas/task.ts'
import { type About, type AgentDefinition, type AgentServices, define, type WorkServices } from './definition.ts'

/** One shard: the indexes `[shard.from, shard.from + shard.count)` of one source. */
export type GeneratorWork = {
  runId: string
  shard: PayloadOf<typeof Shard>
  /** The source of the program that the shard is of. */
  source: Source
  program: Program
  /** The task as agents may see it: its validation items are in it, and nothing of its test. */
  task: PublicTask
}

/** What a generator is given with each shard. */
export type GeneratorServices = WorkServices & {
  /** Of a shard that is a trial: says that a reply could be used, while the rest of the shard is still asked. */
  tried(outcome: TrialOutcome): Promise<void>
}

/** What came of a shard: each of its indexes has candidates (`candidateOf`), or a failure with its reason. */
export type MadeShard = Pick<PayloadOf<typeof Batch>, 'candidates' | 'failures' | 'asked' | 'trial'>

export type OpenedGenerator = { make(work: GeneratorWork, services: GeneratorServices): MadeShard | Promise<MadeShard> }
export type GeneratorDefinition = AgentDefinition<'generator', OpenedGenerator>

/**
 * Defines a generator: it makes the candidates of a shard. Equal shards give equal candidates; all randomness follows from `shard.seed` and
 * the index. `open` is called once in each process.
 *
 * @example
 * export const echo = defineGenerator({
 *   schemaVersion: 1,
 *   name: 'echo',
 *   version: '1.0.0',
 *   sources: ['procedure'],
 *   open: () => ({
 *     make: (work) => ({
 *       candidates: indexesOf(work).map((index) => candidateOf(work, { index, input: `What is ${index} + 1?`, output: `${index + 1}` })),
 *       failures: [],
 *     }),
 *   }),
 * })
 */
export const defineGenerator = ({
  open,
  sources,
  ...about
}: About & {
  /** The kinds of sources that it follows; the planner writes no others. */
  sources: readonly Source['kind'][]
  open(services: AgentServices): OpenedGenerator | Promise<OpenedGenerator>
}): GeneratorDefinition => define('generator', about, open, { sources: [...sources] })

/**
 * The indexes of a shard.
 *
 * @example
 * indexesOf({ shard: { from: 8, count: 3 } }) // [8, 9, 10]
 */
export const indexesOf = ({ shard: { from, count } }: { shard: { from: number; count: number } }): number[] =>
  Array.from({ length: count }, (_, offset) => from + offset)

/**
 * A number in [0, 1) for an index of a shard: the same in whichever process, another for another purpose.
 *
 * @example
 * const apples = 2 + Math.floor(chanceOf(work, index, 'apples') * 98)
 */
export const chanceOf = (
  { shard, source }: { shard: { seed: string; round: { attempt: number } }; source: { id: string } },
  index: number,
  purpose = '',
): number =>
  Number.parseInt(sha256(`${shard.seed}/a${shard.round.attempt}.${source.id}.${index}/${purpose}`).slice(0, 12), 16) /
  2 ** 48

/** What a generator writes of a row. `sample`: 0, and further numbers for further rows of the same index. */
export type Written = {
  index: number
  sample?: number
  /** Left out: the task's. */
  instruction?: string
  input: string
  output: string
  origin?: Omit<Row['origin'], 'generator' | 'plugin'>
}

/**
 * A candidate of a shard: the row with its id, its skill and its source.
 *
 * @example
 * candidateOf(work, { index: 3, input: 'What is 2 + 2?', output: 'The answer is \\boxed{4}.' }).id // 'a1.r1.<source>.3.0'
 */
export function candidateOf(
  {
    shard,
    source,
    task,
  }: Pick<GeneratorWork, 'source'> & {
    shard: { round: { attempt: number; round: number } }
    task: Pick<PublicTask, 'instruction'>
  },
  { index, sample = 0, instruction = task.instruction, input, output, origin = {} }: Written,
): Row {
  const { attempt, round } = shard.round
  const id = `a${attempt}.r${round}.${source.id}.${index}.${sample}`
  // Whoever hosts the agent writes who it is.
  return {
    id,
    skill: source.skill,
    source: source.id,
    instruction,
    input,
    output,
    origin: { ...origin, generator: '' },
  }
}
