import { powersOfTen } from './power-of-ten.ts'
import { shownUnit } from './scibench.ts'

/** How an imported item holds a gold that SciBench rescales: the number, then the power of ten of its unit. */
const rescaled = /^(.*) \* 10\^\{(-?[0-9]+)\}$/s

/** The gold of a SciBench record as one text: its number, times the power of ten that its unit leaves to the answer. */
export function scibenchGold(answerNumber: string, unit: string): string {
  const power = shownUnit(unit) === unit ? undefined : powersOfTen(unit).next().value
  return power === undefined ? answerNumber.trim() : `${answerNumber.trim()} * 10^{${power.exponent}}`
}

/** The number and a unit that asks for the same rescaling. */
export function readScibenchGold(gold: string): { gold: string; unit: string } {
  const [, number, exponent] = rescaled.exec(gold) ?? []
  return number === undefined ? { gold, unit: '' } : { gold: number, unit: `10^{${exponent}} unit` }
}
