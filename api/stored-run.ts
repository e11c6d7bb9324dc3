import { readFile } from 'node:fs/promises'
import type { DatasetFacts, ReportData, StudentModelFacts } from '../evidence/report/report-data.ts'
import type { Estimate } from '../experiments/estimate/estimate.ts'
import type { RowCall, RowFilter, RunRow } from '../experiments/inspect/run-rows.ts'
import type { RunLine } from '../experiments/inspect/status.ts'
import type { AnsweredItem } from '../trace/run-reader.ts'
import { ask, askLines, type Place, startCommand } from './command.ts'
import { eventOf, type MessageEvent } from './events.ts'
import { type EstimateOptions, optionWords } from './options.ts'

/** A row of a run, admitted or refused, as `syllabus rows --json` has it. */
export type RowFacts = Omit<RunRow, 'place'>

/** A row with its prompt and the replies of the teacher (null of a row that none wrote), and the row that it repeats. */
export type RowWithPrompt = RowFacts & { asked: { prompt: string; calls: RowCall[] } | null; twin: RowFacts | null }

/** A run as `syllabus status --json` has it. */
export type RunSummary = Omit<RunLine, 'config'>

/** One dataset that the search tried, with the score of its student on validation. */
export type AttemptFacts = DatasetFacts & Pick<StudentModelFacts, 'validation' | 'training'>

/** A run of a home, as far as it has come. Each call reads anew. */
export type StoredRun = {
  readonly runId: string
  /** Its status, attempts, what it has spent, and the command that goes on with it. */
  summary(): Promise<RunSummary>
  /** Writes the report from the log, and gives what report.json holds. Of a run that makes rows alone there is none. */
  report(): Promise<ReportData>
  attempts(): Promise<AttemptFacts[]>
  /** Its rows, in the order in which they were decided on. */
  rows(filter?: RowFilter): AsyncGenerator<RowFacts>
  /** One row with its prompt, the replies of the teacher, and the row that it repeats. */
  row(id: string): Promise<RowWithPrompt>
  /** What each student model answered on validation. Sealed sets are in none of it. */
  answers(): AsyncGenerator<AnsweredItem>
  /** The messages of its log from a place on; with `follow` until the run rests or the signal fires. */
  events(options?: { from?: number; follow?: boolean; signal?: AbortSignal }): AsyncGenerator<MessageEvent>
}

/**
 * Reads a run that is stored in a home, whether it goes on or is over. Nothing is read before a method is called, and each rejects with a
 * BadInputError where there is no such run.
 *
 * ```ts
 * for await (const { row, reason } of readRun('my-run').rows({ refused: true })) console.log(reason, row?.input)
 * ```
 */
export function readRun(runId: string, { home, runs, cwd, env }: Place = {}): StoredRun {
  const place: Place = { home, runs, cwd, env }
  const report = async () => {
    const { json } = await ask<{ json: string }>(['report', runId, '--json'], place)
    return JSON.parse(await readFile(json, 'utf8')) as ReportData
  }
  return {
    runId,
    async summary() {
      const found = (await listRuns(place)).find((each) => each.runId === runId)
      // The command has the words for it.
      return found ?? (await ask<never>(['rows', runId, '--json'], place))
    },
    report,
    attempts: async () => attemptsOf(await report()),
    rows: (filter = {}) =>
      askLines(['rows', runId, '--json', ...optionWords(filter)], place) as AsyncGenerator<RowFacts>,
    row: (id) => ask<RowWithPrompt>(['rows', runId, '--json', '--row', id], place),
    answers: () => askLines(['answers', runId, '--json'], place) as AsyncGenerator<AnsweredItem>,
    async *events({ from, follow, signal } = {}) {
      for await (const line of askLines(['events', runId, '--json', ...optionWords({ from, follow })], place, signal)) {
        const event = eventOf(line)
        if (event?.type === 'message') yield event
      }
    },
  }
}

/** The runs of a home; none where no run was ever started in it. */
export async function listRuns(place: Place = {}): Promise<RunSummary[]> {
  return (await ask<{ runs: RunSummary[] }>(['status', '--json'], place)).runs
}

/**
 * What a run, or with `program` rows alone, would probably take; nothing is started or paid. `plan` is the hash of exactly that, for the
 * option `confirmed` of `run` and `generate`.
 */
export async function estimate(options: EstimateOptions = {}): Promise<Estimate & { plan: string }> {
  const command = startCommand(['estimate', '--json', ...optionWords(options)], options, { signal: options.signal })
  let answer: unknown
  try {
    for await (const line of command.lines) answer = line
  } catch (error) {
    // Of a plan beyond a limit the command says so by its exit code, too.
    if (answer === undefined) throw error
  }
  return answer as Estimate & { plan: string }
}

/** The attempts of a report, each with its student's score. */
export const attemptsOf = ({ datasets, studentModels }: ReportData): AttemptFacts[] =>
  datasets
    .filter(({ attempt }) => attempt > 0)
    .map((dataset) => {
      const student = studentModels.find(({ studentModel }) => studentModel === `attempt-${dataset.attempt}`)
      return { ...dataset, validation: student?.validation ?? null, training: student?.training ?? null }
    })
