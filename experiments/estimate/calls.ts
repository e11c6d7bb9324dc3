import { AnalysisLimits } from '../../agents/evaluator/scorer-and-analyst/options.ts'
import { plural, wholePercent } from '../../schemas/number-text.ts'
import { present } from '../../schemas/present.ts'
import type { Program } from '../../schemas/program.ts'
import type { UsageLine } from '../../schemas/usage.ts'
import type { EstimateInput } from './input.ts'

export const charsPerToken = 4
/** The words that the generator, the critic and the planner put around a prompt. */
const frameChars = { generate: 200, judge: 1500, plan: 4000, analyse: 1500, item: 80 }
const replyTokens = { judge: 60, plan: 400, program: 1500, analyse: 500 }

/** Of validation, to the evaluator's analyst. */
const itemsShown = AnalysisLimits.parse({}).shownWrong + AnalysisLimits.parse({}).shownRight

const tokensOf = (chars: number) => Math.ceil(chars / charsPerToken)
export const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

/** The calls of all models that so many candidates and the attempts' programs will probably take. */
export function callsOf(input: EstimateInput, candidates: number): UsageLine[] {
  const { attempts, program, models, planner } = input
  return [
    ...(program && models.generator !== undefined ? teacherLines(input, program, candidates) : []),
    ...(planner && models.planner !== undefined ? plannerLines(models.planner, planner, attempts) : []),
    ...(models.evaluator === undefined ? [] : [analystLine(models.evaluator, input)]),
  ]
}

function teacherLines(input: EstimateInput, program: Program, candidates: number): UsageLine[] {
  const example = {
    input: mean(input.fewShot.map(({ input: text }) => text.length)),
    output: mean(input.fewShot.map(({ output }) => output.length)),
  }
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

/** What the evaluator's analyst is asked: once for each attempt, with validation items that are taken to be as long as the examples. */
function analystLine(model: string, { attempts, fewShot }: EstimateInput): UsageLine {
  const item = mean(fewShot.map(({ input, output }) => input.length + 2 * output.length)) + frameChars.item
  return {
    role: 'evaluator',
    model,
    stage: 'analyse',
    calls: attempts,
    inputTokens: attempts * tokensOf(frameChars.analyse + itemsShown * item),
    outputTokens: attempts * replyTokens.analyse,
  }
}

/** Stands for a model that a topology does not name yet. */
export const unnamedModel = '(no model named)'

/** What is taken for granted, and from where. */
export function assumptionsOf(
  { rows, program, mayCheck, fewShot, maxNewTokens, past, planner, models }: EstimateInput,
  made: { datasets: number; candidates: number; share: number; count: number; answered: number; races: number },
): string[] {
  const { datasets, candidates, share, count, answered, races } = made
  const yieldFrom = past.yield
    ? `measured here on ${past.yield.asked} ${plural(past.yield.asked, 'candidate')}`
    : "the planner's first guess"
  const reply =
    fewShot.length > 0
      ? `as long as the task's ${fewShot.length} worked ${plural(fewShot.length, 'example')}`
      : "as long as the program's maxTokens"
  return present([
    program
      ? [
          `${datasets} ${plural(datasets, 'dataset')} of ${rows} ${plural(rows, 'row')} from ${candidates} ${plural(candidates, 'candidate')}: ${wholePercent(share)} of them are admitted (${yieldFrom})`,
          `a reply is ${reply}; ${charsPerToken} characters a token; no revision, repetition or failed request`,
        ]
      : 'no teacher is prompted',
    program &&
      mayCheck &&
      (past.checks
        ? 'the critic is asked about a row as often as in earlier runs'
        : 'what the programs will have the critic ask is not known: a vote of k adds up to k calls a candidate, a judge 1'),
    planner && 'the planner writes every program with one correction',
    Object.values(models).includes(unnamedModel) &&
      'a model is asked and none is named, so its price is unknown: name it with --model or SYLLABUS_MODEL',
    races > 0 && `at most ${races} ${plural(races, 'training')} with a second seed: every better attempt is raced`,
    count > 0 && [
      past.training
        ? `training as fast as in ${past.training.trainings} ${plural(past.training.trainings, 'training')} before: ${past.training.secondsPerRow.toFixed(2)} s a row`
        : past.speed
          ? `training at ${Math.round(past.speed.tokensPerSecond)} tokens/s on ${past.speed.device}, and rows of ${Math.round(past.speed.tokensPerRow)} tokens, as in ${past.speed.trainings} ${plural(past.speed.trainings, 'training')} of this student for other tasks`
          : 'how long a training takes is not known: none of this student was measured in this folder of runs',
      past.answers
        ? `a question is answered as fast as in ${past.answers.evaluations} ${plural(past.answers.evaluations, 'validation')} before: ${past.answers.secondsEach.toFixed(2)} s`
        : 'how long the student takes to answer is not known: it was not measured in this folder of runs',
      `its replies have at most ${maxNewTokens} tokens (inference.max_new_tokens): ${answered * maxNewTokens} in all where none ends before, as a base student's often do`,
    ],
  ])
}
