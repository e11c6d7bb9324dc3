import { Annotation, END, START, StateGraph } from '../agents/kit/langgraph.ts'
import { isOutOfMemory, RuntimeDiedError, RuntimeRequestError } from './runtime-errors.ts'
import type { TrainedJob } from './trainings.ts'

/** What a job does, stage by stage; each may be done again, as a job that comes again does. */
export type JobStages = {
  /**
   * Refuses what is not for this bridge, and looks for the training.
   * @returns `none` for a job that trains nothing
   */
  prepare(): Promise<TrainedJob | 'none' | 'to be trained'>
  /** Why the training does not fit into memory, with what makes it fit; null where it does, or nobody knows. */
  memoryFault(): Promise<string | null>
  /** `halvings`: how often the rows of a pass are halved. The recipe stays, and with it what is learnt. */
  train(halvings: number): Promise<TrainedJob>
  /** Frees what a failed training left behind. */
  cleanUp(): Promise<void>
  /** Gives the file of predictions. */
  infer(trained: TrainedJob | null): Promise<string>
  publish(trained: TrainedJob | null, predictions: string): Promise<void>
  /** Hears of each recovery. */
  onRecovery(halvings: number, why: string): void
}

const JobGraph = Annotation.Root({
  stages: Annotation<JobStages>,
  mostHalvings: Annotation<number>,
  trained: Annotation<TrainedJob | null>,
  isToTrain: Annotation<boolean>,
  halvings: Annotation<number>,
  /** What the last training ended with. */
  failure: Annotation<Error | null>,
  predictions: Annotation<string>,
})
type State = typeof JobGraph.State

async function prepare({ stages }: State): Promise<Partial<State>> {
  const found = await stages.prepare()
  const trained = typeof found === 'string' ? null : found
  return { trained, isToTrain: found === 'to be trained', halvings: 0, failure: null }
}

async function fits({ stages }: State): Promise<Partial<State>> {
  const fault = await stages.memoryFault()
  if (fault !== null) throw new RuntimeRequestError('out_of_memory', fault)
  return {}
}

async function train({ stages, halvings }: State): Promise<Partial<State>> {
  try {
    return { trained: await stages.train(halvings), failure: null }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { failure: error }
  }
}

async function recover({ stages, halvings, failure, mostHalvings }: State): Promise<Partial<State>> {
  const why = memoryLoss(failure!)
  if (why === null) throw failure
  if (halvings >= mostHalvings) {
    const fix = 'lower cutoff_len in the recipe, use a smaller student, or a device with more memory'
    const tried = `${why}, also with the rows of a pass halved ${halvings} times`
    throw new RuntimeRequestError('out_of_memory', `${tried}; ${fix}`)
  }
  await stages.cleanUp()
  stages.onRecovery(halvings + 1, why)
  return { halvings: halvings + 1 }
}

/** How a training lost its memory; null where it ended otherwise. A system that has none left kills the process that takes most. */
export function memoryLoss(failure: Error): string | null {
  if (failure instanceof RuntimeRequestError) return failure.kind === 'out_of_memory' ? failure.message : null
  if (!(failure instanceof RuntimeDiedError)) return null
  return /signal SIGKILL/.test(failure.message) || isOutOfMemory(failure.message) ? failure.message : null
}

const infer = async ({ stages, trained }: State): Promise<Partial<State>> => ({
  predictions: await stages.infer(trained),
})

async function publish({ stages, trained, predictions }: State): Promise<Partial<State>> {
  await stages.publish(trained, predictions)
  return {}
}

/** prepare -> fits? -> train -> recover -> infer -> publish */
const graph = new StateGraph(JobGraph)
  .addNode('prepare', prepare)
  .addNode('fits', fits)
  .addNode('train', train)
  .addNode('recover', recover)
  .addNode('infer', infer)
  .addNode('publish', publish)
  .addEdge(START, 'prepare')
  .addConditionalEdges('prepare', ({ isToTrain }) => (isToTrain ? 'fits' : 'infer'), ['fits', 'infer'])
  .addEdge('fits', 'train')
  .addConditionalEdges('train', ({ failure }) => (failure ? 'recover' : 'infer'), ['recover', 'infer'])
  .addEdge('recover', 'train')
  .addEdge('infer', 'publish')
  .addEdge('publish', END)
  .compile()

/**
 * Does a job. What a stage has done is kept where a process that follows finds it: a training under its job's hash, replies under their
 * key, a message under its id. So a process may end anywhere.
 */
export async function doJob(stages: JobStages, mostHalvings: number, signal: AbortSignal): Promise<void> {
  await graph.invoke({ stages, mostHalvings }, { signal, recursionLimit: 10 + 2 * mostHalvings })
}
