import { z } from 'zod'
import { KebabName } from './ids.ts'

/**
 * What a student model stands for in the evidence. `final` is the chosen dataset; the kinds of `BaselineKind` are what it is compared with,
 * trained by the same recipe and with the same fresh seeds; `submission` is an attempt of the search, with the search's seed.
 */
export const ArmKind = z.enum([
  'base',
  'base-examples',
  'control',
  'one-shot',
  'random',
  'reference',
  'final',
  'submission',
])
export type ArmKind = z.infer<typeof ArmKind>

/**
 * Datasets that the chosen one is compared with. `control`: spread evenly, without a search; `one-shot`: the first valid attempt's;
 * `random`: drawn uniformly from everything that the search's attempts admitted; `reference`: the task's own human or seed rows.
 */
export const BaselineKind = ArmKind.extract(['control', 'one-shot', 'random', 'reference'])
export type BaselineKind = z.infer<typeof BaselineKind>

const name = /[a-z0-9]+(?:-[a-z0-9]+)*/

/** The name of a reference among several. One that ends like a seed, `-s2`, would read as another arm's student model. */
export const ReferenceName = KebabName.refine(
  (text) => !/(^|-)s\d+$/.test(text),
  'must not end like a training seed, as "s2" does',
)

/** One of several references of a task: `reference-<name>`. */
const NamedReference = z.templateLiteral(['reference-', z.string().regex(name)])

/** An arm that is trained on rows that were there before the run: a task's only reference, or one of several. */
export const ReferenceArm = z.union([z.literal('reference'), NamedReference])
export type ReferenceArm = z.infer<typeof ReferenceArm>

/** An arm of a run: its kind, and which one where there are several of that kind. */
export const Arm = z.union([ArmKind, NamedReference])
export type Arm = z.infer<typeof Arm>

/** A baseline; asked for, `reference` is every reference of the task. */
export const BaselineArm = z.union([BaselineKind, NamedReference])
export type BaselineArm = z.infer<typeof BaselineArm>

/** Arms that have a dataset and are trained once the search is over. */
export const TrainedArm = z.union([z.literal('final'), BaselineArm])
export type TrainedArm = z.infer<typeof TrainedArm>

/** Of a trained arm, one of its kinds. */
export function kindOf(arm: TrainedArm): BaselineKind | 'final'
export function kindOf(arm: Arm): ArmKind
export function kindOf(arm: Arm): ArmKind {
  return isNamed(arm) ? 'reference' : arm
}

const isNamed = (arm: Arm): arm is z.infer<typeof NamedReference> => arm.startsWith('reference-')

/** Baselines in the order of their kinds; several of a kind stay as they are. */
export const byKind = (arms: readonly BaselineArm[]): BaselineArm[] =>
  BaselineKind.options.flatMap((kind) => arms.filter((arm) => kindOf(arm) === kind))

/** A student model's arm and which of its training seeds, counted from 1. */
export type ArmSeed = { arm: Arm; seedIndex: number }

const trained = ['final', ...BaselineKind.options, `reference-${name.source}`].join('|')

/** `base`, `base-examples`, `attempt-<n>`, or a trained arm: `final` with its first seed, `final-s2` with its second; so an attempt. */
export const StudentModelName = z
  .string()
  .regex(new RegExp(`^(base|base-examples|(attempt-\\d+|${trained})(-s\\d+)?)$`))

export const studentModelName = (arm: TrainedArm, seedIndex: number): string =>
  seedIndex === 1 ? arm : `${arm}-s${seedIndex}`

/**
 * What a student model's name says of it.
 * @throws a name that is none
 */
export function armSeedOf(name: string): ArmSeed {
  const [, arm, seed] = /^(.+?)(?:-s(\d+))?$/.exec(StudentModelName.parse(name))!
  if (arm!.startsWith('attempt-')) return { arm: 'submission', seedIndex: Number(seed ?? 1) }
  return { arm: Arm.parse(arm), seedIndex: Number(seed ?? 1) }
}

/** The attempt whose dataset a student model of the search was trained on; null for any other. */
export function attemptNumber(name: string): number | null {
  const number = /^attempt-(\d+)(?:-s\d+)?$/.exec(name)?.[1]
  return number === undefined ? null : Number(number)
}
