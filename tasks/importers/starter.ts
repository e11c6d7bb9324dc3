import type { ImportLog } from './import-log.ts'
import type { Importer, SourceItem } from './importer.ts'

/** Small problems to start a folder with; a person puts their own in their place. */
const problems: Readonly<Record<string, readonly (readonly [question: string, answer: number])[]>> = {
  sums: [
    ['A shelf holds 14 novels and 9 atlases. How many books is that?', 23],
    ['Tickets cost 8 euros for adults and 5 for children. What do one of each cost?', 13],
    ['The first tram carried 31 people, the second 46. How many rode in all?', 77],
    ['Ines walked 12 km on Monday and 17 km on Tuesday. How far did she walk?', 29],
    ['A recipe needs 150 g of flour and 65 g of sugar. What do they weigh together?', 215],
    ['In March it rained on 11 days, in April on 13. How many rainy days were there?', 24],
    ['A choir of 38 singers is joined by 7 more. How many sing now?', 45],
    ['The bridge is 120 m long and its ramp 35 m. How long are both?', 155],
  ],
  differences: [
    ['Of 52 seats 19 are taken. How many are free?', 33],
    ['A jacket of 80 euros is reduced by 24. What does it cost now?', 56],
    ['The tank held 600 litres; 145 were used. How many are left?', 455],
    ['Omar is 41, his daughter 13. How many years are between them?', 28],
    ['From a rope of 27 m, 8 m are cut off. How long is the rest?', 19],
    ['A bakery made 210 rolls and sold 184. How many remain?', 26],
    ['The summit lies at 1,470 m, the hut at 960 m. How much higher is the summit?', 510],
    ['A parcel of 9 kg contains 2 kg of wrapping. What does its content weigh?', 7],
  ],
  products: [
    ['Each of 6 crates has 12 bottles. How many bottles are there?', 72],
    ['A nurse works 8 hours a day for 5 days. How many hours is that?', 40],
    ['Tiles of 30 cm lie in a row of 9. How many centimetres is the row?', 270],
    ['One page has 42 lines. How many lines are on 11 pages?', 462],
    ['A bus makes 7 trips with 25 pupils each. How many pupils travel?', 175],
    ['A lamp uses 15 watts. What do 4 such lamps use?', 60],
    ['Three friends pay 18 euros each. What is paid in total?', 54],
    ['A field has 16 rows of 13 vines. How many vines grow there?', 208],
  ],
}

async function* items(_source: string, log: ImportLog): AsyncGenerator<SourceItem> {
  for (const [skill, pairs] of Object.entries(problems)) {
    for (const [index, [input, answer]] of pairs.entries()) {
      log.read += 1
      const id = `${skill}-${index + 1}`
      yield { id, skill, group: null, input, answer: String(answer), key: `starter:${id}` }
    }
  }
}

/** The content of a folder that is begun without items. */
export const starterImporter: Importer = {
  name: 'starter',
  source: 'nothing',
  items,
  profile: ({ title, scorer = 'numeric' }) => ({
    title: title ?? 'My task',
    description: 'Say what the task is: its components, and what makes a good reply.',
    goal: 'Say what training rows should teach a small student.',
    instruction: 'Work it out, and end with: The answer is X.',
    scorer: { name: scorer, primary: 'lenient', options: {} },
    skills: { sums: 'Adding two numbers.', differences: 'What is left.', products: 'So many of something.' },
    departures: [],
  }),
}
