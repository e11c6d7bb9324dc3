import { InvalidArgumentError } from 'commander'
import { BaselineArm, BaselineKind } from '../../schemas/arm.ts'

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
