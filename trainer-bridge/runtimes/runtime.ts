import type { SetupFinding } from '../../provision/mod.ts'
import type { RuntimeIdentity } from '../../schemas/runtime-identity.ts'
import type {
  CheckRequest,
  CheckResult,
  InferProgress,
  InferRequest,
  InferResult,
  TrainProgress,
  TrainRequest,
  TrainResult,
} from '../../schemas/runtime-protocol.ts'
import type { RuntimeRecipeKey } from '../../schemas/runtime-recipe-keys.ts'
import type { Recipe } from '../../schemas/task.ts'
import type { ClaimedDevices } from '../devices/claim.ts'
import type { Student } from '../job.ts'
import type { BridgeOptions } from '../options.ts'
import type { CallOptions, Runtime, RuntimeOptions } from '../runtime.ts'
import type { RuntimeLog } from '../runtime-process.ts'

/** What it is, with the versions of what it is made of: torch, transformers and the like. */
export type RuntimeFacts = RuntimeIdentity & { versions: Record<string, string> }

/** Ended with its bridge. */
interface Part extends AsyncDisposable {
  /** Asked of the program once; its name is known before. */
  facts(options?: { signal?: AbortSignal }): Promise<RuntimeFacts>
}

/**
 * What trains: a process that speaks the protocol, or an adapter to one that does not.
 * T1 The same request gives the same adapter, in PEFT's format, in `out/adapter`; its hash is over the files.
 * T2 It ends with a result, RuntimeRequestError, RuntimeDiedError, or the reason that its signal was aborted for.
 */
export interface Trainer extends Part {
  /** The keys of a recipe beyond the common ones that it trains with. */
  readonly recipeKeys: readonly RuntimeRecipeKey[]
  /** Whether it can load a student. @throws RuntimeRequestError of the kind bad_student */
  check(request: CheckRequest, options?: { signal?: AbortSignal }): Promise<CheckResult>
  train(request: TrainRequest, options?: CallOptions<TrainProgress>): Promise<TrainResult>
}

/** What answers questions, with or without an adapter: a line of Prediction each in `out`, in their order. It ends as a training does. */
export interface Answerer extends Part {
  infer(request: InferRequest, options?: CallOptions<InferProgress>): Promise<InferResult>
}

/** What a runtime is started with. `own`: the project's own runtime, which every bridge has. */
export type RuntimeParts = {
  home: string
  settings: BridgeOptions
  student: Pick<Student, 'name' | 'path'>
  own: Runtime
  /** What the bridge computes on. */
  devices: Pick<ClaimedDevices, 'devices' | 'env'>
  log: RuntimeLog
  /** Ends it. */
  signal: AbortSignal
}

/** What a start-up does for a runtime, where a person sees it. */
export type RuntimeSetup = {
  home: string
  settings: BridgeOptions
  onProgress: (line: string) => void
  signal?: AbortSignal
  env?: NodeJS.ProcessEnv
}

/**
 * A runtime, as its folder's `runtime.ts` declares it.
 * @template Does - {@link Trainer} or {@link Answerer}
 */
export interface RuntimeDeclaration<Does extends Part> {
  name: string
  /** The keys of a recipe beyond the common ones that it trains with. */
  recipeKeys?: readonly RuntimeRecipeKey[]
  /** Fetches what it needs on first use, its size told before. Left out: nothing. @throws SetupError */
  provision?(setup: RuntimeSetup): Promise<void>
  /** Whether what is installed can do what a recipe asks. @throws SetupError */
  checkRecipe?(recipe: Recipe, home: string): Promise<void>
  /** What `syllabus doctor` says of it; nothing is fetched. Left out: it needs nothing of its own. */
  diagnose?(home: string): Promise<SetupFinding>
  /** How its process is started, once it is there; left out by one that is no process that speaks the protocol. @throws SetupError */
  process?(home: string): Promise<Pick<RuntimeOptions, 'python' | 'module' | 'packages'>>
  /** @throws SetupError where it cannot work here */
  start(parts: RuntimeParts): Promise<Does>
}
