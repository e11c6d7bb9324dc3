import { priorYield } from '../../agents/planner/rounds.ts'
import type { Program } from '../../schemas/program.ts'
import type { RunConfig } from '../../schemas/run.ts'
import type { TrainingRow } from '../../schemas/task.ts'
import { moneyOf, type Prices, type Spent, spentOn, type UsageLine } from '../../schemas/usage.ts'
import { type Answers, answersOf, type Papers, type Trained } from './answers.ts'

/** What earlier runs in the folder of runs measured; null where there is nothing to go by. */
export type Past = {
  /** Seconds of training for one row, and how many trainings say so. */
  training: { secondsPerRow: number; trainings: number } | null
  /** Seconds in which a tuned student answers one question of validation, and how often it answered all of them. */
  answers: { secondsEach: number; sittings: number } | null
  /** Admitted of asked, of the same task and teacher. */
  yield: { share: number; asked: number } | null
  /** Calls a second while rows were made, with the same teacher. */
  callsPerSecond: number | null
  /** The critic's calls for one call of the generator, by stage, of the same task and teacher; null where none of its calls is known. */
  checks: { vote: number; judge: number } | null
}

export type EstimateInput = {
  /** Rows of every dataset, and datasets to try. */
  rows: number
  attempts: number
  /** Null where nothing is trained. */
  evidence: Trained | null
  /** Questions of each paper. */
  papers: Papers
  /** The program of each dataset, or one that stands for those that a planner will write; null where no teacher is prompted. */
  program: Program | null
  /** Whether a program that a planner will write may ask a model about its rows. */
  mayCheck: boolean
  models: RunConfig['models']
  /** The planner's limits, where it asks a model. */
  planner: { contextChars: number } | null
  instruction: string
  fewShot: readonly TrainingRow[]
  /** Characters of a seed of the task's pool in the mean. */
  poolChars: number
  prices: Prices
  limits: Pick<RunConfig['limits'], 'teacherCalls' | 'plannerCalls' | 'tokens' | 'money' | 'maxHours'>
  past: Past
}

/** What a run will probably take. Null: nothing is known to go by, and nothing is made up. */
export type Estimate = {
  spent: Spent
  money: number | null
  trainings: { count: number; seconds: number | null }
  /** Questions that the student answers: those of validation by every candidate, and those of the sealed session. */
  answers: Answers
  hours: { training: number | null; answers: number | null; calls: number | null }
  /** In words: what was taken for granted, and from where. */
  assumptions: string[]
  /** In words: the limits that it would reach. */
  beyond: string[]
}

const charsPerToken = 4
/** The words that the generator, the critic and the planner put around a prompt. */
const frameChars = { generate: 200, judge: 1500, plan: 4000 }
const replyTokens = { judge: 60, plan: 400, program: 1500 }

const tokensOf = (chars: number) => Math.ceil(chars / charsPerToken)
export const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

/** Estimates a run before it is begun. Pure. */
export function estimateRun(input: EstimateInput): Estimate {
  const { rows, attempts, evidence, program, models, prices, past } = input
  const arms = evidence?.arms ?? []
  const datasets = attempts + (arms.includes('control') ? 1 : 0)
  const share = past.yield?.share ?? priorYield
  const candidates = program ? datasets * Math.ceil(rows / share) : 0
  const example = {
    input: mean(input.fewShot.map(({ input: text }) => text.length)),
    output: mean(input.fewShot.map(({ output }) => output.length)),
  }
  const lines = [
    ...(program && models.generator !== undefined ? teacherLines(input, program, { candidates, example }) : []),
    ...(input.planner && models.planner !== undefined ? plannerLines(models.planner, input.planner, attempts) : []),
  ]
  const spent = spentOn(lines)
  // The chosen dataset and each baseline once a seed, each attempt once.
  const count = evidence ? attempts + evidence.seeds * (1 + arms.length) : 0
  const seconds = past.training && past.training.secondsPerRow * rows * count
  const answers = evidence ? answersOf(attempts, evidence, input.papers) : { validation: 0, sealed: 0 }
  const answered = answers.validation + answers.sealed
  const callsHours = past.callsPerSecond === null ? null : spent.calls / past.callsPerSecond / 3600
  const estimate = {
    spent,
    money: moneyOf(spent, prices),
    trainings: { count, seconds: count === 0 ? 0 : seconds },
    answers,
    hours: {
      training: count === 0 ? 0 : seconds === null ? null : seconds / 3600,
      answers: answered === 0 ? 0 : past.answers && (past.answers.secondsEach * answered) / 3600,
      calls: spent.calls === 0 ? 0 : callsHours,
    },
    assumptions: assumptionsOf(input, { datasets, candidates, share, count }),
    beyond: [] as string[],
  }
  return { ...estimate, beyond: beyondOf(estimate, input.limits) }
}

type Sizes = { candidates: number; example: { input: number; output: number } }

function teacherLines(input: EstimateInput, program: Program, { candidates, example }: Sizes): UsageLine[] {
  const { models, instruction } = input
  const prompts = program.sources.flatMap((source) => (source.kind === 'prompt' ? source : []))
  if (prompts.length === 0) return []
  const asked = mean(
    prompts.map(
      ({ template, seeds }) =>
        template.length + (seeds === 'pool' ? input.poolChars : mean(seeds.map((seed) => seed.length))),
    ),
  )
  const longest = mean(prompts.map(({ sampling }) => sampling.maxTokens))
  const reply = input.fewShot.length > 0 ? tokensOf(example.input + example.output) : longest
  const line = (
    role: 'generator' | 'critic',
    stage: UsageLine['stage'],
    calls: number,
    chars: number,
    out: number,
  ) => ({
    role,
    stage,
    model: (role === 'critic' ? models.critic : models.generator) ?? models.generator!,
    calls,
    inputTokens: calls * tokensOf(chars),
    outputTokens: Math.ceil(calls * Math.min(longest, out)),
  })
  const { verification, judge } = program
  // Of programs that are not written yet, only what others asked for is known.
  const asks = {
    vote: typeof verification === 'string' ? 0 : verification.k,
    judge: judge ? 1 : 0,
    ...(input.mayCheck && input.past.checks),
  }
  return [
    line('generator', 'generate', candidates, frameChars.generate + instruction.length + asked, reply),
    line(
      'critic',
      'vote',
      Math.round(asks.vote * candidates),
      instruction.length + example.input,
      tokensOf(example.output),
    ),
    line(
      'critic',
      'judge',
      Math.round(asks.judge * candidates),
      frameChars.judge + reply * charsPerToken,
      replyTokens.judge,
    ),
  ].filter(({ calls }) => calls > 0)
}

function plannerLines(model: string, { contextChars }: { contextChars: number }, attempts: number): UsageLine[] {
  const line = (stage: 'plan' | 'program' | 'correct', outputTokens: number) => ({
    role: 'planner' as const,
    model,
    stage,
    calls: attempts,
    inputTokens: attempts * tokensOf(contextChars + frameChars.plan),
    outputTokens: attempts * outputTokens,
  })
  return [line('plan', replyTokens.plan), line('program', replyTokens.program), line('correct', replyTokens.program)]
}

function assumptionsOf(
  { rows, program, mayCheck, fewShot, past, planner }: EstimateInput,
  { datasets, candidates, share, count }: { datasets: number; candidates: number; share: number; count: number },
): string[] {
  const yieldFrom = past.yield ? `measured here on ${past.yield.asked} candidates` : "the planner's first guess"
  const reply =
    fewShot.length > 0
      ? `as long as the task's ${fewShot.length} worked examples`
      : "as long as the program's maxTokens"
  return [
    ...(program
      ? [
          `${datasets} dataset(s) of ${rows} rows from ${candidates} candidates: ${(100 * share).toFixed(0)} % of them are admitted (${yieldFrom})`,
          `a reply is ${reply}; ${charsPerToken} characters a token; no revision, repetition or failed request`,
        ]
      : ['no teacher is prompted']),
    ...(program && mayCheck
      ? [
          past.checks
            ? 'the critic is asked about a row as often as in earlier runs'
            : 'what the programs will have the critic ask is not known: a vote of k adds up to k calls a candidate, a judge 1',
        ]
      : []),
    ...(planner ? ['the planner writes every program with one correction'] : []),
    ...(count > 0
      ? [
          past.training
            ? `training as fast as in ${past.training.trainings} training(s) before: ${past.training.secondsPerRow.toFixed(2)} s a row`
            : 'how long a training takes is not known: none was measured in this folder of runs',
          past.answers
            ? `a question is answered as fast as in ${past.answers.sittings} validation(s) before: ${past.answers.secondsEach.toFixed(2)} s`
            : 'how long the student takes to answer is not known: it was not measured in this folder of runs',
        ]
      : []),
  ]
}

function beyondOf({ spent, money, hours }: Omit<Estimate, 'beyond'>, limits: EstimateInput['limits']): string[] {
  const calls = (of: (line: UsageLine) => boolean) =>
    (spent.lines ?? []).filter(of).reduce((sum, line) => sum + line.calls, 0)
  const over = (name: string, value: number | null, limit: number | null) =>
    value !== null && limit !== null && value > limit
      ? [`${name} ${limit}: about ${Number(value.toFixed(2))} would be used`]
      : []
  return [
    ...over(
      'run.teacherCalls',
      calls(({ role }) => role !== 'planner'),
      limits.teacherCalls,
    ),
    ...over(
      'run.plannerCalls',
      calls(({ role }) => role === 'planner'),
      limits.plannerCalls,
    ),
    ...over('run.tokens', spent.inputTokens + spent.outputTokens, limits.tokens),
    ...over('run.money', money, limits.money),
    ...over('run.maxHours', (hours.training ?? 0) + (hours.calls ?? 0), limits.maxHours),
  ]
}
