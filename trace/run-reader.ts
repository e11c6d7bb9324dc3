import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Logger } from '../bus/mod.ts'
import { RunId } from '../schemas/ids.ts'
import type { Refusal } from './access.ts'
import { answerWith } from './answer.ts'

/*
 * The tables of the live page: rows, answers, labels, and the report.
 * D1 All of it is read; a request names a run and what of it, and never a file, a subject or a key.
 * D2 An answer is a page of a table, one row or one item: none grows with the run.
 * D3 Answers are those of validation. Of sealed sets there is no route.
 */

/** A row of the table. Its texts may be shortened. */
export type RowLine = {
  id: string
  status: 'admitted' | 'refused' | 'failed'
  reason: string | null
  /** The reason in words, where it has some. */
  why: string | null
  /** The row that it repeats. */
  duplicateOf: string | null
  input: string
  output: string
}

/** One row with all that is known of it. */
export type RowDetail = RowLine & {
  source: string
  madeBy: string
  /** What it has passed. */
  checks: string[]
  instruction: string
  /** The prompt, filled in; null of a row that no teacher wrote. */
  prompt: string | null
  calls: { stage: string; reply: string | null; failure: string | null }[]
  /** The question of the row that it repeats; null where that was not found, or there is none. */
  repeated: string | null
}

/** Lines from `from` on, of `found` that fit a search. */
export type TablePage<Line> = { found: number; from: number; lines: Line[] }

/** `isCut`: the run has more rows than are searched here. */
export type RowPage = TablePage<RowLine> & { isCut: boolean }

/** What one student model answered to one validation question. */
export type Answer = { model: string; reply: string; correct: boolean; noAnswer: string | null }

/** A validation question with the answers of all student models that were asked it, in the order in which they were scored. */
export type AnsweredItem = { id: string; skill: string; input: string; expected: readonly string[]; answers: Answer[] }

/** A question with the answer of the model shown; null where it was not asked. Texts may be shortened. */
export type AnswerLine = { id: string; input: string; expected: string; answer: Answer | null }
export type AnswerPage = TablePage<AnswerLine> & { model: string; models: string[] }

/** A reply and how often it was given. */
export type ReplyCount = { reply: string; count: number }

/** What a student model replied to the questions of one label, the most frequent replies first. */
export type LabelCount = { label: string; items: number; right: number; replies: ReplyCount[] }

/** The same of all questions, and of each label. */
export type LabelCounts = { model: string; all: Omit<LabelCount, 'label'>; byLabel: LabelCount[] }

/** Validation items of a skill by how their answers changed with a training. */
export type Helped = {
  model: string
  skill: string
  /** Of the skill, answered by the model. */
  items: number
  /** Against the base and the student model scored before: how many turned right, how many wrong, and some that turned right. */
  against: {
    model: string
    right: number
    wrong: number
    shown: { id: string; input: string; before: string; after: string }[]
  }[]
}

/** The datasets that hold a row, and the trainings on them. */
export type RowLineage = { datasets: { attempt: number; rows: number; hash: string }[]; trainings: Helped[] }

export type RowSearch = { admitted?: boolean | undefined; refused?: boolean | undefined; search?: string | undefined }
export type AnswerSearch = { model?: string | undefined; wrong?: boolean | undefined; search?: string | undefined }

/** Reads runs for the page. All of it throws UserError for what there is not. */
export type RunReader = {
  rows(runId: string, search: RowSearch, from: number): Promise<RowPage>
  row(runId: string, id: string): Promise<RowDetail>
  /** What became of a row after it was admitted. */
  lineage(runId: string, id: string): Promise<RowLineage>
  answers(runId: string, search: AnswerSearch, from: number): Promise<AnswerPage>
  answer(runId: string, id: string): Promise<AnsweredItem>
  /** Null where the task's answers are no labels. */
  labels(runId: string): Promise<LabelCounts[] | null>
  /** `report.html` of a run that is over. */
  report(runId: string): Promise<string>
}

const from = z
  .string()
  .regex(/^\d{1,9}$/)
  .default('0')
  .transform(Number)
const text = z.string().max(200)
const flag = z.literal('1').transform(Boolean).optional()
const run = { run: RunId }
const OfRun = z.strictObject(run)
const One = z.strictObject({ ...run, id: text.min(1) })
const Rows = z.strictObject({ ...run, admitted: flag, refused: flag, search: text.optional(), from })
const Answers = z.strictObject({ ...run, model: text.optional(), wrong: flag, search: text.optional(), from })

/** What a request asks for, or null where its query is not this route's. */
type Route = (reader: RunReader, query: unknown) => (() => Promise<unknown>) | null

function route<Q>(schema: z.ZodType<Q>, read: (reader: RunReader, query: Q) => Promise<unknown>): Route {
  return (reader, query) => {
    const parsed = schema.safeParse(query)
    return parsed.success ? () => read(reader, parsed.data) : null
  }
}

const routes = new Map<string, Route>([
  ['/read/rows', route(Rows, (reader, { run, from, ...search }) => reader.rows(run, search, from))],
  ['/read/row', route(One, (reader, { run, id }) => reader.row(run, id))],
  ['/read/lineage', route(One, (reader, { run, id }) => reader.lineage(run, id))],
  ['/read/answers', route(Answers, (reader, { run, from, ...search }) => reader.answers(run, search, from))],
  ['/read/answer', route(One, (reader, { run, id }) => reader.answer(run, id))],
  ['/read/labels', route(OfRun, (reader, { run }) => reader.labels(run))],
  ['/read/report', route(OfRun, (reader, { run }) => reader.report(run))],
])

/** Whether an address is one of these; `/read` alone answers whether runs are read here. */
export const isReadPath = (path: string): boolean => path === '/read' || path.startsWith('/read/')

/** Answers the requests for `/read` and what lies below it. Access was checked before. */
export function createReadEndpoint(reader: RunReader | undefined, log: Logger) {
  return async (request: IncomingMessage, response: ServerResponse, target: URL): Promise<Refusal | undefined> => {
    if (request.method !== 'GET') return { status: 405, reason: 'only GET is answered here' }
    if (target.pathname === '/read') return answerWith(response, log, async () => ({ offered: reader !== undefined }))
    const asked = routes.get(target.pathname)
    if (!asked || !reader) return { status: 404, reason: 'no such table' }
    const { token: _, ...query } = Object.fromEntries(target.searchParams)
    const read = asked(reader, query)
    if (!read) return { status: 400, reason: 'not a request of this protocol' }
    return answerWith(response, log, read)
  }
}
