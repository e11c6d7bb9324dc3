import type { Core } from '../../../../schemas/task.ts'
import type { Skill } from '../skill.ts'
import { bestOffer } from './best-offer.ts'
import { convertUnits } from './convert-units.ts'
import { daysBetween } from './days-between.ts'
import { invoiceField } from './invoice-field.ts'
import { orderTotal } from './order-total.ts'
import { percentSaved } from './percent-saved.ts'

export const SKILL_NAMES = [
  'invoice-field',
  'convert-units',
  'order-total',
  'percent-saved',
  'days-between',
  'best-offer',
] as const
export type SkillName = (typeof SKILL_NAMES)[number]

/** A core is only ever handed to the skill that made it; outside this map its shape is no one's business. */
const skills = {
  'invoice-field': invoiceField,
  'convert-units': convertUnits,
  'order-total': orderTotal,
  'percent-saved': percentSaved,
  'days-between': daysBetween,
  'best-offer': bestOffer,
} satisfies Record<SkillName, unknown>

/** @throws throws on a name that is not in `SKILL_NAMES` */
export function skillNamed(name: string): Skill<Core> {
  if (!Object.hasOwn(skills, name)) throw new Error(`unknown skill "${name}"; known: ${SKILL_NAMES.join(', ')}`)
  return skills[name as SkillName] as unknown as Skill<Core>
}
