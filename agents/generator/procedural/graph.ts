import { sha256 } from '../../../schemas/hash.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Batch, Shard } from '../../../schemas/messages/generation.ts'
import type { ProcedureSource, Source } from '../../../schemas/program.ts'
import type { Row } from '../../../schemas/row.ts'
import type { Difficulty, TrainingRange } from '../../../schemas/task.ts'
import { reasonOf } from '../../../schemas/user-error.ts'
import type { Procedure } from '../../../tasks/procedure.ts'
import { Annotation, END, START, StateGraph } from '../../kit/langgraph.ts'

type ShardPayload = PayloadOf<typeof Shard>
type BatchPayload = PayloadOf<typeof Batch>
type Request = { id: string; index: number; seed: string; difficulty: Difficulty; range: TrainingRange }
type Failure = BatchPayload['failures'][number]

const GeneratorGraph = Annotation.Root({
  shard: Annotation<ShardPayload>,
  source: Annotation<ProcedureSource>,
  procedure: Annotation<Procedure>,
  requests: Annotation<Request[]>,
  rows: Annotation<Row[]>,
  failures: Annotation<Failure[]>,
})
type State = typeof GeneratorGraph.State

/** A number in [0, 1) that follows from the text alone. */
const chance = (text: string) => Number.parseInt(sha256(text).slice(0, 8), 16) / 2 ** 32

function pickDifficulty(weights: ProcedureSource['difficulty'], at: number): Difficulty {
  const [easy, middle, hard] = weights
  const total = easy + middle + hard
  if (total === 0 || at * total < easy) return 1
  return at * total < easy + middle ? 2 : 3
}

/** Compose: what each index of the shard asks for. It depends on the run's seed and the row's id, not on who works. */
function compose({ shard, source }: State): Partial<State> {
  const { round } = shard
  const requests = Array.from({ length: shard.count }, (_, offset) => {
    const index = shard.from + offset
    const id = `a${round.attempt}.r${round.round}.${source.id}.${index}.0`
    const seed = `${shard.seed}/${id}`
    return {
      id,
      index,
      seed,
      difficulty: pickDifficulty(source.difficulty, chance(`${seed}/difficulty`)),
      range: chance(`${seed}/range`) < source.wideShare ? ('wide' as const) : ('narrow' as const),
    }
  })
  return { requests }
}

/** Write: sample each problem and work it out; one that raises costs its own index only. */
function write({ source: asked, procedure, requests }: State): Partial<State> {
  const rows: Row[] = []
  const failures: Failure[] = []
  const { skill, phrasings, id: source } = asked
  for (const { id, index, seed, difficulty, range } of requests) {
    try {
      const made = procedure.sampleRow({ skill, difficulty, range, phrasings, seed })
      const { instruction, input, output, core, coreKey, phrasing } = made
      const origin = { generator: 'procedural', phrasing, range, difficulty, seed, core, coreKey }
      rows.push({ id, skill, source, instruction, input, output, origin })
    } catch (error) {
      failures.push({ index, reason: reasonOf(error) })
    }
  }
  return { rows, failures }
}

const graph = new StateGraph(GeneratorGraph)
  .addNode('compose', compose)
  .addNode('write', write)
  .addEdge(START, 'compose')
  .addEdge('compose', 'write')
  .addEdge('write', END)
  .compile()

/** All candidates of one shard. Equal shards give equal batches. */
export async function generateShard(
  shard: ShardPayload,
  source: Source,
  procedure: Procedure,
  signal: AbortSignal,
): Promise<BatchPayload> {
  if (source.kind !== 'procedure') throw new Error(`source "${source.id}" wants a teacher: use the generator "llm"`)
  const { rows, failures } = await graph.invoke({ shard, source, procedure }, { signal })
  return {
    round: shard.round,
    shard: shard.shard,
    source: shard.source,
    candidates: rows,
    failures,
    spent: { calls: 0, inputTokens: 0, outputTokens: 0 },
  }
}
