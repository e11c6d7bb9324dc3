import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import { listRuns, type Place, type RowFacts, type RunSummary, readRun } from '../api/mod.ts'
import { RunId } from '../schemas/ids.ts'
import type { McpLimits } from '../schemas/session-limits.ts'
import { answered, dataOf, facts } from './answer.ts'

/*
 * R1 All of it is read: rows of datasets, admitted and refused, scores and counts. Of sealed sets there is no tool: commands that this one
 *    asks do not read them either.
 * R2 Texts of rows, prompts and replies are marked as data, and bounded.
 */

const readOnly = { readOnlyHint: true, openWorldHint: false }
const run = RunId.describe('the run, by its id as list_runs gives it')

export function addReadTools(server: McpServer, place: Place, limits: McpLimits): void {
  server.registerTool(
    'list_runs',
    {
      title: 'List runs',
      description:
        'The runs of this home, the newest first: status, attempts, best score on validation, calls, tokens and dollars so far.',
      inputSchema: { limit: z.number().int().min(1).max(limits.rows).default(Math.min(20, limits.rows)) },
      annotations: readOnly,
    },
    ({ limit }) =>
      answered(async () => {
        const runs = (await listRuns(place)).reverse()
        return facts({ runs: runs.slice(0, limit).map(shortRun), more: Math.max(0, runs.length - limit) })
      }),
  )
  server.registerTool(
    'run_status',
    {
      title: 'Status of a run',
      description:
        'How far a run is, what it has spent by role, model and stage, and the command that goes on with it.',
      inputSchema: { run },
      annotations: readOnly,
    },
    ({ run: runId }) => answered(async () => facts(await readRun(runId, place).summary())),
  )
  server.registerTool(
    'run_report',
    {
      title: 'Report of a run',
      description:
        'What a run that is over showed: conclusions with intervals, scores of each student on validation and of the final evaluation, attempts, budget.',
      inputSchema: { run },
      annotations: readOnly,
    },
    ({ run: runId }) =>
      answered(async () => {
        const {
          run: about,
          task,
          conclusion,
          sealed,
          studentModels,
          datasets,
          budget,
        } = await readRun(runId, place).report()
        return dataOf(
          {
            run: about,
            task: task && { id: task.id, title: task.title, goal: task.goal },
            conclusion,
            test: sealed?.test.map(({ studentModel, parts }) => ({ studentModel, all: parts.all ?? parts })),
            validation: studentModels.map(({ studentModel, validation }) => ({
              studentModel,
              overall: validation?.overall ?? null,
            })),
            attempts: datasets.map(({ attempt, operations, asked, admitted, rejected, valid, datasetHash }) => ({
              attempt,
              operations: operations.map(({ operation, diagnosis }) => ({ operation, diagnosis })),
              asked,
              admitted,
              rejected,
              valid,
              datasetHash,
            })),
            budget,
          },
          limits,
        )
      }),
  )
  server.registerTool(
    'run_rows',
    {
      title: 'Rows of a run',
      description:
        'Rows of the datasets of a run, admitted and refused with the reason. Texts are shortened; explain_row has one whole.',
      inputSchema: {
        run,
        status: z.enum(['all', 'admitted', 'refused']).default('all'),
        search: z
          .string()
          .max(500)
          .optional()
          .describe('only rows in whose texts, id or reason all of these words are'),
        source: z.string().max(100).optional().describe('only of one source of the program'),
        attempt: z.number().int().min(0).optional().describe('only of one attempt; 0 is the control'),
        from: z.number().int().min(0).default(0).describe('how many of them to pass over'),
        limit: z.number().int().min(1).max(limits.rows).default(Math.min(10, limits.rows)),
      },
      annotations: readOnly,
    },
    ({ run: runId, status, from, limit, ...filter }) =>
      answered(async () => {
        const found: ReturnType<typeof shortRow>[] = []
        let passed = 0
        let more = false
        const wanted = {
          ...filter,
          ...(status === 'admitted' && { admitted: true }),
          ...(status === 'refused' && { refused: true }),
        }
        for await (const row of readRun(runId, place).rows(wanted)) {
          passed += 1
          if (passed <= from) continue
          more = found.length >= limit
          if (more) break
          found.push(shortRow(row))
        }
        return dataOf({ rows: found, from, more }, { ...limits, textChars: Math.min(limits.textChars, lineChars) })
      }),
  )
  server.registerTool(
    'explain_row',
    {
      title: 'Explain a row',
      description:
        'One row: the prompt that it was asked with, the replies, the checks, why it was refused, and the row that it repeats.',
      inputSchema: { run, row: z.string().max(300).describe('its id, as run_rows gives it') },
      annotations: readOnly,
    },
    ({ run: runId, row }) => answered(async () => dataOf(await readRun(runId, place).row(row), limits)),
  )
}

/** Characters of a text in a list of rows. */
const lineChars = 300

const shortRow = ({ id, status, reason, why, duplicateOf, row }: RowFacts) => ({
  ...{ id, status, reason, why, duplicateOf },
  input: row?.input ?? null,
  output: row?.output ?? null,
})

const shortRun = ({ runId, status, phase, attempts, best, spent, reason, isGenerate }: RunSummary) => ({
  ...{ runId, status, phase, attempts, best, spent, reason },
  rowsAlone: isGenerate,
})
