import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LlmGeneratorOptions } from '../../agents/generator/llm/options.ts'
import { leastCalls } from '../../agents/planner/program/program-faults.ts'
import { PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import type { EarlyAgents } from '../../launcher/agent-child.ts'
import { exitCodes } from '../../launcher/console/exit-codes.ts'
import { createReporter, type Reporter } from '../../launcher/console/reporter.ts'
import { stopSignal } from '../../launcher/console/stop-signal.ts'
import { announceSession, findSession, whenStopped } from '../../launcher/live-session.ts'
import { generateTeacher, type LocalModel, serveLocalModel } from '../../launcher/local-teacher.ts'
import { openSession, type Session } from '../../launcher/session.ts'
import { drainMsOf } from '../../launcher/supervisor.ts'
import { checkPrices, modelsOf, variantsIn } from '../../launcher/topology/models.ts'
import { withoutAgents } from '../../launcher/topology/overrides.ts'
import { servingLocally } from '../../launcher/topology/queues.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { defaultTopology, keepsLimits } from '../../launcher/topology/topology-names.ts'
import { boundTopology } from '../../launcher/topology/topology-of-run.ts'
import { Batch, Shard, Verdict } from '../../schemas/messages/generation.ts'
import { plural } from '../../schemas/number-text.ts'
import { describePlugin } from '../../schemas/plugin.ts'
import { checkCallsOf, type Program } from '../../schemas/program.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { AgentsOfRole, Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { asksModel } from '../../schemas/variants.ts'
import { type LoadOptions, loadTask } from '../../tasks/load.ts'
import { checkTrackers, type TrackerName } from '../../trackers/mod.ts'
import { checkProgramFits } from '../checks/check-context.ts'
import { checkModels } from '../checks/check-models.ts'
import { checkedProgram } from '../checks/check-program.ts'
import { estimateOf } from '../estimate/of-topology.ts'
import { checkPlan } from '../estimate/plan.ts'
import { startLine } from '../estimate/print.ts'
import type { ExportFormat } from '../export/formats.ts'
import { createRunReader } from '../inspect/run-reader.ts'
import { commandAgain } from '../run/command-again.ts'
import { hintWhenAway, lastStatus, type RunEnd } from '../run/follow-run.ts'
import { progressLine } from '../run/progress-line.ts'
import { nameByTime } from '../run/submit-run.ts'
import { startTracking } from '../run/track.ts'
import { type Begun, beginGeneration, begunIn, isFinal, keepBegun, type WantedRows } from './begin.ts'
import { lockOut, outcomeFile, prepareOut, writingInto } from './out-folder.ts'
import { writeOutcome } from './outcome.ts'
import { generateTopology, plainProgram, scaleProgram } from './plan.ts'

/** What the command line says. */
export type GenerateOptions = LoadOptions & {
  task: string
  /** Left out: one plain prompt for each skill of the task. */
  program?: string
  rows: number
  out: string
  model?: string
  judgeModel?: string
  teacher?: string
  moved: boolean
  generators: number
  concurrency?: number
  budget?: number
  candidateCap?: number
  format: ExportFormat
  provenance: boolean
  seed: number
  runId?: string
  topology?: string
  /** The hash of what was confirmed: anything else is refused. */
  confirmed?: string
  tracker?: TrackerName[]
  /** So many prompts with their replies, and no rows. */
  preview?: number
  /** False: nodes of the cluster have all agents. */
  agents: boolean
  json: boolean
}

/** No student is trained or measured: what those roles need is neither checked nor started. */
const startedRoles = ['generator', 'planner', 'critic'] as const

type GoesOn = Begun & Pick<RunConfig, 'variants'>

/** Everything that can be wrong is said here, before anything is started or paid. */
async function prepare(
  options: GenerateOptions,
  line: (text: string) => void,
): Promise<WantedRows & { model: string | null; local: LocalModel | null; goesOn: GoesOn | null }> {
  checkTrackers(options.tracker ?? [])
  const { out, seed } = options
  const read = await readTopology(options.topology ?? defaultTopology)
  const { local, model, concurrency, topology: priced } = generateTeacher(read, options)
  const task = await loadTask(options.task, options)
  const { program: file } = options
  const { plugin } = read.agents.generator
  if (file === undefined) checkPrompted(plugin)
  const program = scaleProgram(
    file === undefined ? plainProgram(task, options.rows) : (await checkedProgram(file, { task })).program,
    options.rows,
  )
  const planned = generateTopology(priced, program, { ...options, concurrency, model })
  checkSources(program, plugin)
  checkJudge(program, options, model)
  checkPrices(planned)
  checkPlan(options.confirmed, { task, topology: planned, seed, rows: options.rows, evidence: null, program })
  checkBudget(program, options.rows, planned.run.teacherCalls)
  const named = { candidateCap: options.candidateCap }
  const asked = {
    task,
    program,
    topology: planned,
    out,
    seed,
    named,
    model,
    local,
    runId: options.runId ?? nameByTime(task),
  }
  await prepareOut(out, options.format)
  const begun = await begunIn(asked)
  const how = { env: local ? servingLocally(process.env) : process.env, isMoved: options.moved }
  const topology = begun ? boundTopology(planned, { ...begun, models: modelsOf(planned) }, how) : planned
  const goesOn = begun && { ...begun, variants: variantsIn(topology) }
  await whenStopped(line)
  const session = await findSession()
  if (session) {
    throw new UsageError(
      `Process ${session.pid} runs its agents here.`,
      'Stop it first, or set SYLLABUS_HOME to another folder.',
    )
  }
  if (!local) {
    const checked = options.agents ? topology : withoutAgents(topology)
    const contextTokens = (await checkModels(checked, startedRoles)).get('generator') ?? null
    const own = plugin ? undefined : LlmGeneratorOptions.parse(topology.agents.generator.options).contextTokens
    if (model !== null) checkProgramFits(program, task, { model, contextTokens: own ?? contextTokens })
  }
  return { ...asked, topology, goesOn }
}

type Generator = Topology['agents']['generator']['plugin']

/** @throws UsageError for a generator of one's own that follows no prompts, and no program */
function checkPrompted(plugin: Generator): void {
  if (!plugin || plugin.sources?.includes('prompt')) return
  throw new UsageError(
    `The generator ${describePlugin(plugin)} follows no prompts, and no program says what to make.`,
    'Give --program <file> with sources of the kind "procedure" (docs/program.md).',
  )
}

/** @throws UsageError for a source that a generator of one's own does not follow */
function checkSources(program: Program, plugin: Generator): void {
  const other = program.sources.find(({ kind }) => plugin && !plugin.sources?.includes(kind))
  if (!plugin || !other) return
  throw new UsageError(
    `The generator ${describePlugin(plugin)} follows no ${other.kind} sources, and source "${other.id}" is one.`,
    `Give its kind in the program as "${plugin.sources?.join('" or "')}", or name the kind among the sources of the generator.`,
  )
}

function checkJudge(program: Program, { program: file, judgeModel }: GenerateOptions, model: string | null): void {
  if (checkCallsOf(program) > 0 && model === null && judgeModel === undefined)
    throw new UsageError(
      `The program ${file} asks for a vote or a judge, and no model is named.`,
      'Give --model <name> or --judge-model <name>.',
    )
  if (judgeModel === undefined || checkCallsOf(program) > 0) return
  throw new UsageError(
    `--judge-model names a model, and the program ${file ?? 'of plain prompts'} asks for no vote and no judge.`,
    'Leave it out, or write judge: {minScore: 4} into the program (docs/program.md).',
  )
}

function checkBudget(program: Program, rows: number, calls: number | null): void {
  const least = leastCalls(program)
  if (calls === null || least <= calls) return
  throw new UsageError(
    `${rows} ${plural(rows, 'row')} cost at least ${least} teacher calls, and ${calls} are allowed.`,
    `Give --budget ${least} or more, or --rows ${Math.floor((rows * calls) / least)}.`,
  )
}

/** `syllabus generate`, with agents that may have been started before. Returns the exit code. */
export async function generate(options: GenerateOptions, early?: EarlyAgents): Promise<number> {
  const reporter = createReporter({ json: options.json })
  const wanted = await prepare(options, reporter.line)
  if (options.preview !== undefined) return showPreview(wanted, options.preview, reporter)
  const { task, topology, program } = wanted
  await using _lock = await writingInto(options.out, () =>
    lockOut(options.out, reporter.line, topology.bus.hostSilentMs),
  )
  reporter.line(startLine(await estimateOf(task, topology, { rows: options.rows, evidence: null, program })))
  const stop = stopSignal()
  await using _served = wanted.local && (await serveLocalModel(wanted.local, wanted.topology, reporter))
  await using session = await openSession(wanted.topology, reporter, {
    roles: wanted.goesOn?.done ? [] : startedRoles,
    elsewhere: !options.agents,
    ...(wanted.goesOn ? { goesOn: wanted.goesOn } : { own: wanted.runId }),
    keep: keepsLimits(options.topology ?? defaultTopology),
    early,
    runReader: createRunReader,
    signal: stop,
  })
  const { bus, server, pageUrl, logFile } = session
  await using _announced = await announceSession(session, wanted.topology)
  try {
    reporter.line(`live page: ${pageUrl}`)
    reporter.json({ type: 'page', url: pageUrl })
    reporter.line(`agents' log: ${logFile}`)
    const { runId, fromSeq } = await beginGeneration(bus, server, wanted)
    reporter.json({ type: 'run', runId })
    const trackers = { trackers: options.tracker ?? [], topology, reporter, also: [join(options.out, outcomeFile)] }
    await using _tracking = await startTracking(bus, runId, trackers)
    const follow = () => followGeneration(bus, { runId, fromSeq, reporter, signal: stop })
    const again = commandAgain(process.argv.slice(2))
    const end = await hintWhenAway(() => Promise.race([follow(), session.failed]), again, reporter.line)
    const isOver = end?.status === 'finished' || end?.status === 'failed'
    // After the end nobody has anything in hand: agents go while the rows are written.
    const settled = isOver ? session.stop() : await settle(session, wanted.topology, reporter)
    const state = await bus.kv('runs', PlannerState).get(runId)
    const { out, format, provenance, rows } = options
    const to = { out, format, provenance, model: wanted.model ?? topology.agents.generator.variant, wanted: rows }
    const complete = state ? await writingInto(out, () => writeOutcome(bus, state.value, to, reporter)) : false
    await settled
    const begun = state && isFinal(state.value) ? await begunIn(wanted) : null
    if (begun) {
      // Noted first: whoever makes consumers anew would be given all again.
      await keepBegun(wanted, { ...begun, done: true })
      await session.close()
    }
    if (complete) return exitCodes.ok
    if (end?.status === 'faulted') return exitCodes.faulted
    return isOver ? exitCodes.noResult : exitCodes.interrupted
  } finally {
    reporter.close()
  }
}

/** The first prompts with their replies, so that a program is seen at work before it is paid for. Returns the exit code. */
async function showPreview(
  wanted: WantedRows & { local: LocalModel | null },
  count: number,
  reporter: Reporter,
): Promise<number> {
  await using _served = wanted.local && (await serveLocalModel(wanted.local, wanted.topology, reporter))
  let [calls, usable] = [0, 0]
  const { preview, previewText } = await import('./preview.ts')
  for await (const each of preview(wanted, count, stopSignal())) {
    calls += 1
    usable += Number(each.rows.length > 0)
    reporter.json({ type: 'preview', ...each })
    reporter.line(`${previewText(each)}\n`)
  }
  reporter.line(
    `${calls} ${plural(calls, 'call')}, ${usable} usable ${plural(usable, 'reply', 'replies')}; nothing was kept. Without --preview the rows are made.`,
  )
  return exitCodes.ok
}

const resting = ['stopped', 'faulted', 'finished', 'failed']

/** Reports a run that makes data from its beginning, with the candidates made of those asked for, until it rests or the signal fires. */
async function followGeneration(
  bus: Bus,
  { runId, fromSeq, reporter, signal }: { runId: string; fromSeq: number; reporter: Reporter; signal: AbortSignal },
): Promise<RunEnd | null> {
  let asked = 0
  let made = 0
  for await (const entry of bus.log({ runId, follow: true, signal })) {
    const payload = entry.payload as { count?: unknown; candidates?: unknown; failures?: unknown }
    // Only counted, so not parsed a second time: the bus checked them when they were sent.
    if (entry.name === Shard.name && typeof payload.count === 'number') asked += payload.count
    if (entry.name === Batch.name && Array.isArray(payload.candidates) && Array.isArray(payload.failures)) {
      made += payload.candidates.length + payload.failures.length
      reporter.progress('candidates', made, asked)
    }
    if (entry.seq < fromSeq) continue
    progressLine(entry, reporter)
    const status = lastStatus([entry])
    if (status && resting.includes(status.status)) return status
  }
  return null
}

const pollMs = 100

/**
 * Ends the agents of an interrupted run, so that nothing more is paid and nothing moves any more: those that ask a model, generators and
 * critic side by side, await the replies to what they have asked. Where no check asks a model, the critic then checks what is there, and
 * the planner hears of it. Each has the topology's time to drain; what is not finished by then is kept, and done by whoever goes on.
 */
async function settle(session: Session, topology: Topology, reporter: Reporter): Promise<void> {
  const { generator, critic, planner } = topology.agents
  const { queues } = session
  const limitMs = (agent: AgentsOfRole) => drainMsOf(asksModel(agent), topology.supervisor)
  const seconds = (agent: AgentsOfRole) => Math.round(limitMs(agent) / 1000)
  const isFree = !asksModel(critic)
  reporter.line(`awaiting the replies to calls in flight, for ${seconds(generator)} s at most`)
  await Promise.all([session.stop('generator'), isFree ? null : session.stop('critic')])
  if (isFree) reporter.line(`checking the rows that are there, for ${seconds(critic)} s at most`)
  const waiting = async () =>
    (isFree ? await session.bus.waiting(Batch, queues.critic) : 0) +
    (await session.bus.waiting(Verdict, queues.planner))
  await untilTrue(async () => (await waiting()) === 0, limitMs(planner))
  await session.stop()
}

async function untilTrue(isSo: () => Promise<boolean>, limitMs: number): Promise<void> {
  const until = performance.now() + limitMs
  while (!(await isSo()) && performance.now() < until) await sleep(pollMs)
}
