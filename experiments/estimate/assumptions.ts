import { charsPerToken } from './calls.ts'
import type { EstimateInput } from './input.ts'

/** Stands for a model that a topology does not name yet. */
export const unnamedModel = '(no model named)'

/** What is taken for granted, and from where. */
export function assumptionsOf(
  { rows, program, mayCheck, fewShot, maxNewTokens, past, planner, models }: EstimateInput,
  made: { datasets: number; candidates: number; share: number; count: number; answered: number },
): string[] {
  const { datasets, candidates, share, count, answered } = made
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
    ...(Object.values(models).includes(unnamedModel)
      ? ['a model is asked and none is named, so its price is unknown: name it with --model or TEACHER_MODEL']
      : []),
    ...(count > 0
      ? [
          past.training
            ? `training as fast as in ${past.training.trainings} training(s) before: ${past.training.secondsPerRow.toFixed(2)} s a row`
            : 'how long a training takes is not known: none was measured in this folder of runs',
          past.answers
            ? `a question is answered as fast as in ${past.answers.evaluations} validation(s) before: ${past.answers.secondsEach.toFixed(2)} s`
            : 'how long the student takes to answer is not known: it was not measured in this folder of runs',
          `its replies have at most ${maxNewTokens} tokens (inference.max_new_tokens): ${answered * maxNewTokens} in all where none ends before, as a base student's often do`,
        ]
      : []),
  ]
}
