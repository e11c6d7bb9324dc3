import type { ObjectRef } from '../../schemas/ids.ts'
import type { RunFacts } from '../report/mod.ts'
import { bundleFiles, type Manifest } from './manifest.ts'

/** What a person looks for in a bundle, and the object that holds it. */
export function namesOf(facts: RunFacts): Manifest['names'] {
  const attemptName = (attempt: number) => (attempt === 0 ? 'the control' : `attempt ${attempt}`)
  const named: [string, ObjectRef | null | undefined][] = [
    ['task', facts.config?.publicTask],
    ...facts.shards.map(({ payload: { round } }): [string, ObjectRef] => [
      `program of ${attemptName(round.attempt)}`,
      round.program,
    ]),
    ...facts.verdicts.map(({ payload }): [string, ObjectRef] => [
      `dataset of ${attemptName(payload.attempt)}`,
      payload.dataset,
    ]),
    ...facts.finalEvalRequests.flatMap(({ payload }) =>
      payload.arms.map(({ arm, dataset }): [string, ObjectRef | null] => [`dataset of arm ${arm}`, dataset]),
    ),
    ...facts.predictions.map(({ payload }): [string, ObjectRef] => [
      `replies of ${payload.studentModel.name} to validation`,
      payload.predictions,
    ]),
  ]
  return Object.fromEntries(named.flatMap(([name, ref]) => (ref ? [[name, bundleFiles.object(ref.sha256)]] : [])))
}
