import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { ReportData } from '../evidence/report/mod.ts'
import type { GenerationFacts } from '../experiments/generate/outcome.ts'
import type { RunStatus } from '../schemas/run.ts'
import { startCommand } from './command.ts'
import { createEventQueue, eventOf, isMessage, type RunEvent } from './events.ts'
import { type GenerateOptions, optionWords, type RunOptions } from './options.ts'
import { type AttemptFacts, attemptsOf, readRun, type StoredRun } from './stored-run.ts'

const usualBuffer = 10_000

/** Work that goes on. Its events can be read once, by one reader; `result` holds whether they are read or not. */
export type Going<Result> = AsyncIterable<RunEvent> & {
  /** The run's name, once it has one. */
  readonly runId: Promise<string>
  /** How it ended. Rejects with a SyllabusError, as the last step of the events does. */
  readonly result: Promise<Result>
  /** Asks it to finish what is in hand and to rest. Then `result` rejects with a RunInterruptedError. */
  stop(): void
}

/** A run that came to rest. */
export type RunResult = Pick<StoredRun, 'runId' | 'rows' | 'row' | 'answers' | 'events'> & {
  /** `finished`; or `stopped`, where another command stopped it: then there is no report yet. */
  status: RunStatus
  /** What report.json holds; null where there is none. */
  report: ReportData | null
  /** Its files; null where there are none. */
  files: { html: string; md: string; json: string } | null
  attempts: AttemptFacts[]
}

/**
 * Runs a task from start to report, as `syllabus run` does.
 *
 * ```ts
 * const going = run({ quick: true })
 * for await (const event of going) if (event.type === 'message') console.log(event.description.title)
 * const { report } = await going.result
 * ```
 *
 * The result rejects with a BadInputError, NoResultError, RunFaultedError, RunInterruptedError or another SyllabusError.
 */
export function run(options: RunOptions = {}): Going<RunResult> {
  return follow(['run', '--json', ...optionWords(options)], options, async ({ runId, status, files }) => {
    const { rows, row, answers, events } = readRun(runId, options)
    // Written by the command of this very version.
    const report = files && (JSON.parse(await readFile(files.json, 'utf8')) as ReportData)
    return { runId, status, rows, row, answers, events, report, files, attempts: report ? attemptsOf(report) : [] }
  })
}

/** Rows that were made without a training. */
export type GenerateResult = Pick<StoredRun, 'runId' | 'rows' | 'row' | 'events'> & {
  /** What generation.json holds: counts, calls, tokens, money and what stopped it. */
  generation: GenerationFacts
  /** The folder with the rows. */
  out: string
}

/**
 * Makes rows alone, as `syllabus generate` does.
 *
 * ```ts
 * const { generation, rows } = await generate({ rows: 200, out: 'data', model: 'my-model' }).result
 * for await (const { row } of rows({ admitted: true })) console.log(row?.input)
 * ```
 *
 * The result rejects as that of `run` does; NoResultError: there are fewer rows than were wanted.
 */
export function generate(options: GenerateOptions): Going<GenerateResult> {
  return follow(['generate', '--json', ...optionWords(options)], options, async ({ runId }) => {
    const { rows, row, events } = readRun(runId, options)
    const out = resolve(options.cwd ?? '', options.out)
    const generation = JSON.parse(await readFile(join(out, 'generation.json'), 'utf8')) as GenerationFacts
    return { runId, rows, row, events, out, generation }
  })
}

type Seen = { runId: string; status: RunStatus; files: { html: string; md: string; json: string } | null }

function follow<Result>(
  args: readonly string[],
  options: RunOptions | GenerateOptions,
  resultOf: (seen: Seen) => Promise<Result>,
): Going<Result> {
  const queue = createEventQueue(options.eventBuffer ?? usualBuffer)
  const named = Promise.withResolvers<string>()
  const seen: Seen = { runId: '', status: 'running', files: null }
  const command = startCommand(args, options, { signal: options.signal, runIdOf: () => seen.runId || null })

  async function read(): Promise<Result> {
    for await (const line of command.lines) {
      const event = eventOf(line)
      if (!event) continue
      if (event.type === 'run') {
        seen.runId = event.runId
        named.resolve(event.runId)
      } else if (event.type === 'report') seen.files = { html: event.html, md: event.md, json: event.json }
      else if (isMessage(event, 'status-changed')) seen.status = event.payload.status
      queue.push(event)
    }
    return resultOf(seen)
  }

  const result = read()
  result.then(
    () => queue.close(),
    (error: Error) => {
      queue.close(error)
      named.reject(error)
    },
  )
  // Who reads the events hears of a failure there, and may want neither of these.
  result.catch(() => {})
  named.promise.catch(() => {})
  return {
    runId: named.promise,
    result,
    stop: command.stop,
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
  }
}
