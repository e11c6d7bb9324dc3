import type { BaselineArm } from '../schemas/arm.ts'
import type { Setting } from '../schemas/run.ts'
import type { TrackerName } from '../trackers/tracker.ts'
import type { Place } from './command.ts'

/** What a run and its estimate have in common. Each option is that of the command line (`npx syllabus run --help`). */
type Wanted = {
  /** A task folder; left out: the demonstration. */
  task?: string
  /** A topology: a file, or `local` or `llm`. */
  topology?: string
  /** The language model of planner and teacher, where they ask one. */
  model?: string
  /** `local`, or `local:<folder>`: a language model of this machine teaches. */
  teacher?: string
  /** `embedded`, a folder with a model, or `org/model@revision`. */
  student?: string
  planner?: string
  /** Datasets to try. */
  attempts?: number
  /** Rows of every dataset. */
  rows?: number
  /** Teacher calls of the whole run at most. */
  budget?: number
  /** Fresh training seeds of the chosen dataset and of each baseline. */
  seeds?: number
  /** Baselines to train. */
  arms?: readonly BaselineArm[] | 'all' | 'none'
  submissions?: boolean
  retention?: boolean
  setting?: Setting
  scorer?: string
  /** Equal seeds give equal datasets. */
  seed?: number
}

type Followed = Place & {
  /** Once it fires the run finishes what is in hand and rests; `syllabus resume` goes on with it. */
  signal?: AbortSignal
  /** Events that may wait for whoever reads them; left out: 10,000. */
  eventBuffer?: number
  /** Name of the run; left out: task and time. */
  runId?: string
  tracker?: readonly TrackerName[]
}

/** What `run` takes; all of it may be left out. */
export type RunOptions = Followed &
  Wanted & {
    /** A few minutes: smaller datasets, nothing to compare with. */
    quick?: boolean
    /** Start only the plan that `estimate` gave this hash. */
    confirmed?: string
  }

/** What `generate` takes. */
export type GenerateOptions = Followed &
  Pick<Wanted, 'task' | 'topology' | 'model' | 'teacher' | 'budget' | 'seed' | 'scorer'> & {
    /** Admitted rows wanted. */
    rows: number
    /** The folder for the rows; the same call goes on with what it holds. */
    out: string
    /** A curation program, JSON or YAML. */
    program?: string
    judgeModel?: string
    generators?: number
    concurrency?: number
    candidateCap?: number
    format?: string
    provenance?: boolean
    /** Start only the plan that `estimate` gave this hash. */
    confirmed?: string
  }

/** What `estimate` takes: the options of a run, or, with `program` or `generate`, of `generate`. */
export type EstimateOptions = Place &
  Wanted & {
    program?: string
    judgeModel?: string
    /** Of rows alone, without a program. */
    generate?: boolean
    signal?: AbortSignal
  }

/** What is about the call, and no option of its command. */
const ofTheCall: ReadonlySet<string> = new Set(['home', 'runs', 'cwd', 'env', 'signal', 'eventBuffer', 'task'])

/** Options as words of the command line: `rows: 20` is `--rows=20`, `retention: false` is `--no-retention`. */
export function optionWords(given: object): string[] {
  const { task, ...options } = given as Readonly<Record<string, unknown>>
  const values = Object.entries(options)
  const words = values.flatMap(([name, value]) => {
    if (value === undefined || ofTheCall.has(name)) return []
    const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    if (typeof value === 'boolean') return value ? [`--${flag}`] : negated.has(name) ? [`--no-${flag}`] : []
    return [`--${flag}=${Array.isArray(value) ? value.join(',') : String(value)}`]
  })
  return [...words, ...(task === undefined ? [] : ['--', String(task)])]
}

/** Options that the command line can also be asked not to do. */
const negated: ReadonlySet<string> = new Set(['submissions', 'retention'])
