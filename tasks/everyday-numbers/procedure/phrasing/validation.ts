import { validationLexicon } from '../lexicon.ts'
import type { PhrasingBank } from './bank.ts'

/** Validation's own bank: it steers the search and is never trained on. */
export const validationBank: PhrasingBank = {
  name: 'validation',
  lexicon: validationLexicon,
  frames: {
    'invoice-field': [
      '{person} checks the books of {vendor} and sees {lines:dash}. State the figure booked under {ask}.',
      'On paper {number} these sums are printed: {lines:semicolon}. Tell me the one for {ask}.',
      'Please look up {ask} here -> {lines:brackets}',
      'The e-mail lists {lines:was}. How big is the {ask} mentioned in it?',
      'Extract: {ask}. Text: "{vendor} / {lines:semicolon} / ref {number}"',
    ],
    'convert-units': [
      'Express {value} {fromLong} using {toLong}.',
      "{person}'s notes mention {value} {from}. The form wants {to}; what should be filled in?",
      'Unit change wanted: {from} -> {to}, quantity {value}.',
      'What would {value} {fromLong} be if you counted {toLong} instead?',
      '{value} {from} equals how many {to}?',
    ],
    'order-total': [
      'Each of the {item} sells for {price}. Suppose {person} picks up {count}; what amount is due?',
      '{vendor} ships {count} {item} and bills {price} for every unit. State the invoice value.',
      'Basket: {item} ({count} pcs, {price}/pc). Sum?',
      'Multiply it out: a customer wants {count} {item} and a piece is {price}.',
      "{person}'s cart holds {count} {item}. With a unit rate of {price}, what is charged at the till?",
    ],
    'percent-saved': [
      'Normally {amount}, today {percent}% less. Name the sum that {person} does not have to pay.',
      'Members of {vendor} get {percent} percent back. {person} spent {amount}. How much is returned?',
      'Work out a {percent}% rebate on {amount}.',
      'The tag on the {article} reads {amount}; a sign says "{percent} percent less". State the markdown.',
      'Suppose {percent} percent of {amount} goes to charity. What sum is given?',
    ],
    'days-between': [
      "{person}'s course begins {startMonthFirst} and finishes {endMonthFirst}. Give its length in days.",
      'From the {startOf} it is how far, in days, to the {endOf}?',
      '{vendor} promised on {start} to deliver by {end}. What was the waiting time in days?',
      'A parcel travelled {start} - {end}. Number of days?',
      'Subtract the dates: {endMonthFirst} minus {startMonthFirst}.',
    ],
    'best-offer': [
      'Several bids came in: {offers:dash}. State the bid that costs least.',
      '{person} asked around about a {article} and heard {offers:semicolon}. What is the minimum to pay?',
      'min of {offers:brackets} = ?',
      'Yesterday {offers:was}. At what price was the {article} least expensive?',
      'Where money is tight the lower figure wins. Figures: {offers:semicolon}. Which one wins?',
    ],
  },
}
