import { z } from 'zod'

/**
 * What a candidate stands for in the evidence. `final` is the chosen dataset; the arms of `BaselineArm` are what it is compared with,
 * trained by the same recipe and with the same fresh seeds; `submission` is an attempt of the search, with the search's seed.
 */
export const Arm = z.enum([
  'base',
  'base-examples',
  'control',
  'one-shot',
  'random',
  'reference',
  'final',
  'submission',
])
export type Arm = z.infer<typeof Arm>

/**
 * Datasets that the chosen one is compared with. `control`: spread evenly, without a search; `one-shot`: the first valid attempt's;
 * `random`: drawn uniformly from everything that the search's attempts admitted; `reference`: the task's own human or seed rows.
 */
export const BaselineArm = Arm.extract(['control', 'one-shot', 'random', 'reference'])
export type BaselineArm = z.infer<typeof BaselineArm>

/** Arms that have a dataset and are trained once the search is over. */
export const TrainedArm = Arm.extract(['final', ...BaselineArm.options])
export type TrainedArm = z.infer<typeof TrainedArm>

/** A candidate's arm and which of its training seeds, counted from 1. */
export type ArmSeed = { arm: Arm; seedIndex: number }

const trained = TrainedArm.options.join('|')

/** `base`, `base-examples`, `attempt-<n>`, or a trained arm: `final` with its first seed, `final-s2` with its second. */
export const CandidateName = z.string().regex(new RegExp(`^(base|base-examples|attempt-\\d+|(${trained})(-s\\d+)?)$`))

/** The name of a trained arm's candidate. */
export const candidateName = (arm: TrainedArm, seedIndex: number): string =>
  seedIndex === 1 ? arm : `${arm}-s${seedIndex}`

/** What a candidate's name says of it. Errors: a name that is none. */
export function armSeedOf(name: string): ArmSeed {
  const [, arm, seed] = /^(.+?)(?:-s(\d+))?$/.exec(CandidateName.parse(name))!
  if (arm!.startsWith('attempt-')) return { arm: 'submission', seedIndex: 1 }
  return { arm: Arm.parse(arm), seedIndex: Number(seed ?? 1) }
}
