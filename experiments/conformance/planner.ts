import { isDeepStrictEqual } from 'node:util'
import { buildContaminationIndex } from '../../agents/kit/dedup/contamination.ts'
import type { StoredEntry } from '../../bus/mod.ts'
import { readTopology } from '../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../launcher/topology/topology-names.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { Shard } from '../../schemas/messages/generation.ts'
import { Decision, RunFinished, RunStarted } from '../../schemas/messages/run.ts'
import { Program } from '../../schemas/program.ts'
import { RunConfig } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import { publicView } from '../../tasks/load.ts'
import { type ConformanceCheck, ensure, entriesOf } from './finding.ts'
import { checkBadInput, checkDrain, drained, type Lab, nobody, quietMs, whyNothing } from './lab.ts'
import { playOthers } from './ring.ts'

type DecisionPayload = PayloadOf<typeof Decision>

export type PlannerLab = Lab & {
  rows: number
  /** Starts a run; `again`: the same once more, as after a redrive. */
  begin(runId: string, again?: number): Promise<void>
  /** Plays the other roles of a run until it has ended or enough of it is there; its log. Null: not in time. */
  follow(runId: string, isEnough: (entries: readonly StoredEntry[]) => boolean): Promise<StoredEntry[] | null>
}

const runMs = 60_000
const inFunction = 'Look at the function that decides'
const isOver = (entries: readonly StoredEntry[]) => entries.some(({ name }) => name === RunFinished.name)
const decided = (entries: readonly StoredEntry[]) =>
  entriesOf<DecisionPayload>(entries, Decision.name).map(({ payload }) => payload)
const programsOf = (entries: readonly StoredEntry[]) => decided(entries).map(({ program }) => program)

/** Puts the task on the bus. */
export async function openPlannerLab(lab: Lab, task: Task, program: Program): Promise<PlannerLab> {
  const { bus, subject } = lab
  const { objects } = bus.operator
  const publicTask = await objects.putJson('LAB', `task/${task.id}`, publicView(task))
  const contamination = await objects.put('LAB', 'contamination', buildContaminationIndex([], bus.contaminationKey))
  const { run } = await readTopology(defaultTopology)
  const rows = 60
  const makesData = subject.variant === 'generate'
  const scaled = { ...program, sources: program.sources.slice(0, 1).map((source) => ({ ...source, rows })) }
  const configOf = (runId: string) =>
    RunConfig.parse({
      runId,
      seed: 1,
      attempts: makesData ? 1 : 2,
      rows,
      minimumRows: 30,
      variants: { ...nobody, planner: subject.variant, generator: 'procedural', critic: 'rules' },
      queues: { ...nobody, planner: subject.queue },
      models: subject.asksModel ? { planner: lab.teacher.model } : {},
      limits: run,
      taskHash: task.sha256,
      primary: task.scorer.primary,
      publicTask,
      sealedTask: publicTask,
      sealing: { enforced: true, note: 'checked' },
      evidence: { seeds: 1, arms: [], submissions: false },
      ...(makesData && { generate: { program: scaled, contamination } }),
      startedAt: new Date().toISOString(),
    })
  const configs = new Map<string, RunConfig>()
  return {
    ...lab,
    rows,
    async begin(runId, again = 0) {
      const config = configs.get(runId) ?? configOf(runId)
      configs.set(runId, config)
      const id = `run-started:check${again > 0 ? `:again-${again}` : ''}`
      await bus.operator.publish(RunStarted, { runId, variant: subject.queue, id }, { config })
    },
    async follow(runId, isEnough) {
      const end = new AbortController()
      const playing = playOthers(bus.operator, runId, subject.queue, end.signal)
      try {
        return await Promise.race([bus.entries(runId, isEnough, runMs), playing.then(() => null)])
      } finally {
        end.abort()
        await playing
      }
    },
  }
}

async function wholeRun(lab: PlannerLab, runId: string): Promise<StoredEntry[]> {
  await lab.agent()
  await lab.begin(runId)
  const entries = await lab.follow(runId, isOver)
  ensure(entries !== null, `the run did not end within ${runMs / 1000} s`, await whyNothing(lab, runId))
  return entries
}

const wanted = (program: Program): number =>
  program.sources.reduce((sum, { rows }) => sum + rows, 0) +
  Object.values(program.carryOver?.rows ?? {}).reduce((sum, rows) => sum + rows, 0)

const hasDecided = (entries: readonly StoredEntry[]) => decided(entries).length > 0

export const plannerChecks: readonly ConformanceCheck<PlannerLab>[] = [
  {
    name: 'plans',
    expects: 'a run ends with a program for each attempt that holds and asks for the rows that are wanted',
    async run(lab) {
      const decisions = decided(await wholeRun(lab, 'check-plans'))
      ensure(decisions.length > 0, 'the run ended without a decision', `${inFunction}.`)
      for (const { attempt, program, error, diagnosis } of decisions) {
        const parsed = Program.safeParse(program)
        ensure(
          parsed.success && error === undefined,
          `attempt ${attempt} has no program that holds: ${error ?? parsed.error?.issues[0]?.message}`,
          `${inFunction}, and at docs/program-fields.md.`,
        )
        ensure(
          wanted(parsed.data) === lab.rows,
          `attempt ${attempt} asks for ${wanted(parsed.data)} rows, and ${lab.rows} are wanted`,
          `${inFunction}: rows of all sources and those carried over add up to the rows of the situation.`,
        )
        ensure(
          diagnosis !== '',
          `attempt ${attempt} has no diagnosis`,
          `${inFunction}: it says what it saw and does about it.`,
        )
      }
    },
  },
  {
    name: 'determinism',
    expects: 'the same run gives the same programs',
    skip: ({ subject }) => (subject.asksModel ? 'it asks a model, whose replies may be others' : null),
    async run(lab) {
      const [one, other] = [await wholeRun(lab, 'check-one'), await wholeRun(lab, 'check-other')]
      ensure(
        isDeepStrictEqual(programsOf(one), programsOf(other)),
        'the second run has other programs than the first',
        `${inFunction}: it must follow from the situation alone, and not from a clock, chance or what came before.`,
      )
    },
  },
  {
    name: 'redelivery',
    expects: 'what comes again changes nothing: no second decision, no second round',
    async run(lab) {
      const before = await wholeRun(lab, 'check-redelivery')
      await lab.begin('check-redelivery', 1)
      await drained(lab, RunStarted)
      const after = await lab.bus
        .entries('check-redelivery', () => false, quietMs)
        .then(() => lab.follow('check-redelivery', isOver))
      const count = (entries: readonly StoredEntry[], name: string) =>
        entries.filter((entry) => entry.name === name).length
      for (const name of [Decision.name, Shard.name])
        ensure(
          count(after ?? [], name) === count(before, name),
          `${count(after ?? [], name) - count(before, name)} more messages "${name}" were sent when the run's start came again`,
          'Ids of messages must follow from what they are about.',
        )
    },
  },
  {
    name: 'crash',
    expects: 'after kill -9 the run goes on and ends, with the same programs',
    async run(lab) {
      const calm = await wholeRun(lab, 'check-calm')
      const agent = await lab.agent()
      await lab.begin('check-crash')
      await lab.follow('check-crash', hasDecided)
      await agent.kill()
      await lab.agent()
      const entries = await lab.follow('check-crash', isOver)
      ensure(entries !== null, 'the run did not end after kill -9', await whyNothing(lab, 'check-crash'))
      const attempts = decided(entries).map(({ attempt }) => attempt)
      ensure(
        new Set(attempts).size === attempts.length,
        `attempts were decided twice: ${attempts.join(', ')}`,
        'A decision is saved with the state before it is published.',
      )
      ensure(
        lab.subject.asksModel || isDeepStrictEqual(programsOf(entries), programsOf(calm)),
        'after kill -9 the programs are others',
        `${inFunction}: it must follow from the situation alone.`,
      )
    },
  },
  {
    name: 'drain',
    expects: 'SIGTERM ends it in time with exit code 0, and the next one goes on with the run',
    async run(lab) {
      await lab.agent()
      await lab.begin('check-drain')
      await lab.follow('check-drain', hasDecided)
      await checkDrain(lab)
      const entries = await lab.follow('check-drain', isOver)
      ensure(entries !== null, 'the run did not end after the drain', await whyNothing(lab, 'check-drain'))
    },
  },
  {
    name: 'bad input',
    expects: 'a message that cannot be handled becomes a dead letter with its reason, and the next run is planned',
    async run(lab) {
      await checkBadInput(lab, RunStarted, {})
      await wholeRun(lab, 'check-after-bad')
    },
  },
]

/** What a model that plans is taken to say: a diagnosis where one is asked for, else a program with the rows that are wanted. */
export const planningReply =
  (task: Task, program: Program) =>
  (prompt: string): string => {
    const { messages } = { messages: JSON.parse(prompt) as { content: string }[] }
    const last = messages.at(-1)?.content ?? ''
    if (last.includes('"diagnosis"'))
      return JSON.stringify({ diagnosis: 'Nothing stands out.', plan: 'The same again.' })
    const rows = Number(/add up to (\d+)/.exec(messages.map(({ content }) => content).join('\n'))?.[1] ?? 60)
    const [source] = program.sources
    const skill = task.skills[0]!.name
    return JSON.stringify({ ...program, sources: [{ ...source, id: skill, skill, rows }], carryOver: null })
  }
