import { testLexicon } from '../lexicon.ts'
import type { PhrasingBank } from './bank.ts'

/** The bank of the sealed test and of the audit: no row, no validation item and no plan ever sees it. */
export const testBank: PhrasingBank = {
  name: 'test',
  lexicon: testLexicon,
  frames: {
    'invoice-field': [
      'My accountant wants one number from document {number}, namely the {ask}. Its content: {lines:slash}',
      'Looking at "{lines:arrow}", what did {vendor} write for {ask}?',
      '{person} typed: {lines:parentheses}. Repeat just the {ask} entry.',
      'Among {lines:plus}, how much belongs to {ask}?',
      'Bill of {vendor} >> {lines:slash} << {ask} = ?',
    ],
    'convert-units': [
      'A sign shows {value} {from}; {person} thinks in {to}. Which number should {person} have in mind?',
      'Rewrite the quantity {value} {fromLong} so that its unit is {toLong}.',
      'Say a container or road is {value} {from}. Stated in {toLong} this is what?',
      'Swap units, {from} into {to}, for: {value}',
      '{person} reads off {value} {fromLong}. What is the same quantity in {toLong}?',
    ],
    'order-total': [
      '{person} puts down money for {count} {item}. If a single one goes for {price}, how much is handed over?',
      'A school needs {count} {item}. {vendor} quotes {price} a unit. What budget is required?',
      '{item} x {count} @ {price} ->',
      'Every item in a pack of {count} {item} is worth {price}. What is the whole pack worth?',
      'The rate is {price} per unit and {count} units of {item} are delivered. State the gross value.',
    ],
    'percent-saved': [
      'If {vendor} lowers its {amount} fee by {percent} percent, what is the reduction in money?',
      '{person} leaves a tip of {percent}% on a check of {amount}. What is the tip?',
      'Out of {amount}, {percent} percent is set aside. How much is that?',
      '{percent}% commission on a {article} sold for {amount}: what does the agent earn?',
      'Price of the {article}: {amount}. Promotion: -{percent}%. The customer pays less by which amount?',
    ],
    'days-between': [
      '{person} planted seeds on {start}; they sprouted on {end}. After how many days was this?',
      'The loan was taken {startMonthFirst} and is due {endMonthFirst}. Its term in days?',
      'Between the {startOf} and the {endOf} lie how many nights?',
      "Calendar check: {start} up to {end}. What's the difference in days?",
      '{vendor} starts a sale {startMonthFirst} that lasts until {endMonthFirst}. Its duration, as a count of days, is what?',
    ],
    'best-offer': [
      'Three friends or fewer quote a {article}: {offers:slash}. {person} takes the least. What does {person} pay?',
      'Sort upward and name the first amount: {offers:arrow}',
      'Your budget is small. {offers:parentheses}. What is the lowest amount you could get the {article} for?',
      'With {offers:plus} on the table, tell me the bottom price.',
      'Rock-bottom figure among these? {offers:slash}',
    ],
  },
}
