import { randomBytes } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import { ask, type Place } from '../api/command.ts'
import { startDetached } from '../api/detached.ts'
import { estimate } from '../api/mod.ts'
import { optionWords } from '../api/options.ts'
import { topologyNames } from '../launcher/topology/topology-names.ts'
import { homeFolder, runsFolder } from '../machine/folders.ts'
import { RunId } from '../schemas/ids.ts'
import type { McpLimits } from '../schemas/session-limits.ts'
import { UsageError } from '../schemas/user-error.ts'
import { answered, facts, refusal } from './answer.ts'
import { type ConfirmedPlan, createPlans } from './plans.ts'

/*
 * S1 Nothing is started but by a token that this server gave for one plan, once, for a time (plans.ts). The command is given the plan's
 *    hash and refuses anything else, so that a task, a topology or an address that changed meanwhile is not started.
 * S2 A client that can ask its user is asked to, with what the plan does and may cost, and starts nothing without a yes.
 * S3 A plan that asks a model has a limit of calls.
 * S4 Files are those below the folder that this server was started in. Addresses and keys are those of its environment; no tool takes one.
 */

/** How long a start waits for its run to begin. */
const beginMs = 60_000

const Wanted = {
  kind: z.enum(['run', 'generate']).describe('run: a search with training and report; generate: rows alone'),
  task: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('a task folder below the folder of this server; left out: the demonstration'),
  topology: z.string().min(1).max(500).optional().describe('which agents run: local, llm, quick, or a file'),
  program: z.string().min(1).max(500).optional().describe('the curation program of generate'),
  model: z.string().min(1).max(200).optional().describe('the language model of teacher and planner'),
  teacher: z.literal('local').optional().describe('the student itself, served here, in place of a model'),
  rows: z.number().int().min(1).max(10_000_000).optional(),
  attempts: z.number().int().min(1).max(1000).optional().describe('datasets to try, of a run'),
  budget: z.number().int().min(0).optional().describe('teacher calls at most; needed wherever a model is asked'),
  seed: z.number().int().min(0).optional(),
}

export function addStartTools(server: McpServer, place: Place, limits: McpLimits): void {
  const plans = createPlans(limits)
  server.registerTool(
    'estimate',
    {
      title: 'Estimate a run',
      description:
        'What a run would take: calls, tokens, dollars, trainings, hours. Starts and pays nothing. Its token lets start begin exactly this, once. Show the estimate to the user first.',
      inputSchema: Wanted,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    ({ kind, ...asked }) =>
      answered(async () => {
        if (kind === 'generate' && asked.rows === undefined)
          return refusal('A generation needs its number of rows.', 'Give rows.')
        if (kind === 'generate' && asked.attempts !== undefined)
          return refusal('A generation makes one dataset.', 'Leave attempts out.')
        if (kind === 'run' && asked.program !== undefined)
          return refusal('A run plans its programs itself.', 'Leave program out.')
        checkFiles(asked)
        const options = { ...place, ...asked }
        const { plan: hash, ...found } = await estimate({ ...options, ...(kind === 'generate' && { generate: true }) })
        if (found.beyond.length > 0)
          return refusal(`It would reach a limit: ${found.beyond.join('; ')}.`, 'Want less, or raise it.')
        if (found.spent.calls > 0 && asked.budget === undefined && asked.teacher === undefined)
          return refusal(
            `It asks a model about ${found.spent.calls} times.`,
            'Give budget: how many calls it may make at most.',
          )
        const summary = summaryOf(kind, asked, found)
        const token = plans.add({ kind, options, hash, summary })
        return facts({ token, validForSeconds: Math.round(limits.confirmMs / 1000), summary, planHash: hash, ...found })
      }),
  )
  server.registerTool(
    'start',
    {
      title: 'Start a run',
      description:
        'Starts exactly what estimate gave this token for. It goes on when this server ends; stop ends it in order. Only after the user agreed to the estimate.',
      inputSchema: { token: z.string().regex(/^[0-9a-f]{32}$/, 'the token that estimate gave') },
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
    },
    ({ token }) =>
      answered(async () => {
        const plan = plans.take(token)
        if (!plan)
          return refusal(
            'There is no such plan, it was started, or its time is over.',
            'Estimate it again, and show it to the user.',
          )
        if (!(await isAgreed(server, plan)))
          return refusal('The user did not agree to this plan. Nothing was started.', '')
        return facts(await start(plan, place))
      }),
  )
  for (const [action, title, description] of [
    [
      'pause',
      'Pause a run',
      'Holds back new work of a run. Its agents stay up; its command, or "syllabus resume", goes on with it.',
    ],
    [
      'stop',
      'Stop a run',
      'Lets a run finish what is in hand and rest. Nothing is lost; "syllabus resume" goes on with it.',
    ],
  ] as const)
    server.registerTool(
      action,
      {
        title,
        description,
        inputSchema: { run: RunId.describe('the run, by its id') },
        annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
      },
      ({ run }) =>
        answered(async () => facts(await ask([action, run, '--json', '--reason=asked for by an assistant'], place))),
    )
}

/** Begins a plan in a process of its own. The command compares its hash with what it would start. */
async function start({ kind, options, hash }: ConfirmedPlan, place: Place) {
  const runId = `mcp-${new Date().toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}-${randomBytes(3).toString('hex')}`
  const out = join(place.runs ?? runsFolder(), runId, 'rows')
  const words = optionWords({ ...options, runId, confirmed: hash, ...(kind === 'generate' && { out }) })
  const logFile = join(place.home ?? homeFolder(), 'logs', `${runId}.jsonl`)
  const { hasBegun } = await startDetached([kind, '--json', ...words], place, logFile, beginMs)
  return {
    runId,
    state: hasBegun ? 'it has begun' : 'it prepares: what is missing is fetched first',
    logFile,
    ...(kind === 'generate' && { rows: out }),
  }
}

/** Whether the user agrees, where the client can ask; else its having been given the token is all there is. */
async function isAgreed(server: McpServer, { summary }: ConfirmedPlan): Promise<boolean> {
  if (!server.server.getClientCapabilities()?.elicitation) return true
  const { action, content } = await server.server.elicitInput({
    message: `Start this?\n${summary}`,
    requestedSchema: {
      type: 'object',
      properties: { start: { type: 'boolean', title: 'Start it', description: 'It may spend what is named above.' } },
      required: ['start'],
    },
  })
  return action === 'accept' && content?.start === true
}

/** @throws UsageError for a file that is not below the folder of this server */
function checkFiles({
  task,
  topology,
  program,
}: {
  task?: string | undefined
  topology?: string | undefined
  program?: string | undefined
}): void {
  const here = realpathSync(process.cwd())
  for (const named of [
    task,
    topology !== undefined && topologyNames().includes(topology) ? undefined : topology,
    program,
  ]) {
    if (named === undefined) continue
    const path = resolve(here, named)
    const where = relative(here, existsSync(path) ? realpathSync(path) : path)
    if (!existsSync(path) || where.startsWith('..'))
      throw new UsageError(
        `${named} is no file or folder below ${here}.`,
        'Name one that is, or have the user start this server in a folder above it.',
      )
  }
}

type Asked = {
  task?: string | undefined
  model?: string | undefined
  teacher?: string | undefined
  budget?: number | undefined
  rows?: number | undefined
}

function summaryOf(
  kind: string,
  { task, model, teacher, budget, rows }: Asked,
  found: Awaited<ReturnType<typeof estimate>> extends infer E ? Omit<E, 'plan'> : never,
): string {
  const { spent, money, trainings, hours } = found
  const [of, by] = [rows === undefined ? '' : ` of ${rows} rows`, teacher ?? model]
  const time = (value: number | null) => (value === null ? 'not known' : `${value.toFixed(1)} h`)
  return [
    `${kind === 'run' ? 'A whole run' : 'Rows alone'}${of} of ${task ?? 'the demonstration'}${by ? `, with the model ${by}` : ''}.`,
    spent.calls === 0
      ? 'No model is asked, and nothing is paid.'
      : `About ${spent.calls} calls and ${spent.inputTokens + spent.outputTokens} tokens, ${money === null ? 'at a price that is not known' : `$${money.toFixed(2)}`}; at most ${budget ?? 'as many teacher calls as the topology says'}${budget === undefined ? '' : ' teacher calls'}.`,
    ...(trainings.count > 0
      ? [`${trainings.count} trainings of the student on this machine: ${time(hours.training)}.`]
      : []),
  ].join(' ')
}
