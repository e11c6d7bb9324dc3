import { InvalidArgumentError, Option } from 'commander'
import { BaselineArm, BaselineKind } from '../schemas/arm.ts'

/** `--judge-model`, of commands that make data alone. */
export const judgeModelOption = () =>
  new Option('--judge-model <name>', 'the model of votes and verdicts (default: the teacher)').conflicts('teacher')

/** A whole number of at least 0. */
export function whole(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('a whole number is wanted.')
  return value
}

/** A whole number of at least 1. */
export function positive(text: string): number {
  const value = whole(text)
  if (value === 0) throw new InvalidArgumentError('a number of at least 1 is wanted.')
  return value
}

/** Baselines by name, with commas between them; `all` of them, or `none`. */
export function arms(text: string): BaselineArm[] | 'all' {
  if (text === 'all') return 'all'
  if (text === 'none') return []
  return text.split(',').map((name) => {
    const arm = BaselineArm.safeParse(name.trim())
    if (!arm.success)
      throw new InvalidArgumentError(`there is ${BaselineKind.options.join(', ')}, reference-<name>, all and none.`)
    return arm.data
  })
}

/** Names with commas between them. */
export const names = (text: string): string[] => text.split(',').map((name) => name.trim())
