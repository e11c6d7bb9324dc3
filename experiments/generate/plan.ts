import { apportion } from '../../agents/planner/apportion.ts'
import { uniformPromptProgram } from '../../agents/planner/program/uniform-prompt.ts'
import { maxShards } from '../../agents/planner/rounds.ts'
import { checkCallsOf, type Program } from '../../schemas/program.ts'
import type { Task } from '../../schemas/task.ts'
import type { AgentsOfRole, Topology } from '../../schemas/topology.ts'
import { asksModel } from '../../schemas/variants.ts'
import { publicView } from '../../tasks/load.ts'

export type GenerateSettings = {
  rows: number
  generators: number
  /** Null where nothing asks one. */
  model: string | null
  /** Of votes and judge scores; left out: the teacher. */
  judgeModel?: string | undefined
  /** Requests under way over all generators and the critic. */
  concurrency?: number | undefined
  /** Teacher calls at most; left out: the topology's limit. */
  budget?: number | undefined
  candidateCap?: number | undefined
}

/** The program where none is given: one plain prompt for each skill of the task, and no check by a model. */
export const plainProgram = (task: Task, rows: number): Program =>
  uniformPromptProgram(publicView(task), rows, { verification: 'none', judge: null })

/** The program with its sources scaled to so many rows in all, in their proportion. */
export function scaleProgram(program: Program, rows: number): Program {
  const shares = apportion(new Map(program.sources.map((source) => [source.id, source.rows])), rows)
  const sources = program.sources.map((source) => ({ ...source, rows: shares.get(source.id) ?? 0 }))
  return { ...program, sources, carryOver: null }
}

/** A batch is one message; characters beyond ASCII take up to three bytes, and most texts have few. */
const batchBytes = 700_000
const rowBytes = 1000
const bytesPerChar = 2

/** Candidates in one shard: those of the topology, more where many rows are wanted, fewer where they are long. */
function shardSizeOf(
  { run, generate }: Topology,
  { maxInputChars, maxOutputChars }: Program['contract'],
  rows: number,
): number {
  const fitting = Math.floor(batchBytes / (rowBytes + bytesPerChar * (maxInputChars + maxOutputChars)))
  return Math.max(1, Math.min(fitting, Math.max(run.shardSize, Math.ceil(rows / generate.shards))))
}

/**
 * No sign of life arrives while a consumer has no leader: up to two of them, a third of the wait apart, and an election (9 s) may lie
 * between two that do. What is handed out again meanwhile another process would pay for again.
 */
const leastAckWaitMs = 30_000

const deliveredSoon = ({ delivery, storage, generate }: Topology): Topology['delivery'] => {
  const ackWaitMs = Math.max(generate.ackWaitMs, (storage.copies ?? 1) > 1 ? leastAckWaitMs : 0)
  return Object.fromEntries(['shard', 'batch', 'verdict'].map((name) => [name, { ackWaitMs, ...delivery[name] }]))
}

/**
 * The topology of a run that makes data alone: generators with a teacher, a critic, and the planner that follows the program. The
 * critic asks the teacher too where the program wants a vote or a judge.
 */
export function generateTopology(topology: Topology, program: Program, settings: GenerateSettings): Topology {
  const { rows, generators, model } = settings
  // Calls under way are divided between critic and generators as a row's calls are.
  const { plugin } = topology.agents.generator
  const isAsking = plugin?.asksModel ?? true
  const checks = checkCallsOf(program)
  const usual = topology.generate.callsPerProcess * (generators + (checks > 0 ? 1 : 0))
  const together = settings.concurrency ?? topology.teacher.concurrency ?? usual
  const checking = checks > 0 ? Math.max(1, Math.floor((together * checks) / (1 + checks))) : 0
  const concurrency = Math.max(1, Math.floor((together - checking) / generators))
  const shardSize = shardSizeOf(topology, program.contract, rows)
  const roundCandidates = shardSize * maxShards
  const candidateCap = settings.candidateCap ?? topology.run.candidateCap
  const optionsOf = (role: 'generator' | 'critic') =>
    asksModel(topology.agents[role]) ? topology.agents[role].options : {}
  // Four times the shards that fill the requests: some wait for a slow last reply while others go on.
  const slotsFor = (calls: number) => Math.min(256, Math.ceil((4 * calls) / shardSize) + 1)
  const critic: AgentsOfRole =
    checks > 0
      ? {
          variant: 'rules-and-judge',
          replicas: 1,
          slots: slotsFor(checking),
          options: { ...optionsOf('critic'), model: settings.judgeModel ?? model, concurrency: checking },
        }
      : { ...topology.agents.critic, variant: 'rules', plugin: undefined, options: {} }
  return {
    ...topology,
    agents: {
      ...topology.agents,
      planner: { ...topology.agents.planner, variant: 'generate', plugin: undefined, options: {} },
      generator: {
        ...(plugin ? topology.agents.generator : { variant: 'llm' }),
        replicas: generators,
        ...(isAsking
          ? { slots: slotsFor(concurrency), options: { ...optionsOf('generator'), model, concurrency } }
          : { slots: topology.agents.generator.slots, options: topology.agents.generator.options }),
      },
      critic,
    },
    run: {
      ...topology.run,
      attempts: 1,
      shardSize,
      candidateCap,
      roundCandidates,
      // Its rounds are bounded by what one may hold; more of them would leave generators idle at the end of each.
      maxShardsInFlight: null,
      maxRounds: topology.run.maxRounds + Math.ceil((candidateCap * rows) / roundCandidates),
      teacherCalls: settings.budget ?? topology.run.teacherCalls,
    },
    delivery: { ...topology.delivery, ...deliveredSoon(topology) },
  }
}
