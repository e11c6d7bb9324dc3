import { plural, wholePercent } from '../../../schemas/number-text.ts'
import { type Blocks, figures, heading, paragraph } from '../document/document.ts'
import type { SearchSteps } from '../report-data.ts'
import { missing, numberText, percentNumber } from '../text/format.ts'

/** Generations, contenders and races of a run that says how it searches, and what they cost. */
export function stepsOfSearch(steps: SearchSteps | undefined, stopDetail: string | undefined): Blocks {
  if (!steps) return []
  const { strategy, parallel, trainings, secondSeeds, trainingsAllowed, attempts, races } = steps
  const raceOf = (number: number) => races.find(({ attempt }) => attempt === number)
  const limit = trainingsAllowed === null ? '' : ` of ${numberText(trainingsAllowed)}`
  const seconds =
    secondSeeds > 0 ? `, ${numberText(secondSeeds)} of them with a second seed to race better attempts` : ''
  return [
    heading(3, 'How it searched'),
    paragraph(
      `Strategy ${strategy}, ${numberText(parallel)} ${plural(parallel, 'attempt')} at a time: ${numberText(trainings, 2)} ${plural(trainings, 'training')} of all rows${limit}${seconds}. One on a part of the rows counts as that part.${stopDetail === undefined ? '' : ` It stopped since ${stopDetail}.`}`,
    ),
    figures(
      ['Attempt', 'Generation', 'From', 'Rows', 'Race'],
      attempts.map(({ attempt, generation, from, share, promotes }) => {
        const race = raceOf(attempt)
        return [
          String(attempt),
          String(generation),
          from === null ? missing : String(from),
          {
            text: wholePercent(share),
            under: [share < 1 && 'contender', promotes !== undefined && `of contender ${promotes}`],
          },
          race
            ? {
                text: race.kept ? `holds against ${race.against}` : `does not hold against ${race.against}`,
                under: [
                  `${race.own.join(' and ')} to ${race.other.join(' and ')} of ${race.total}`,
                  `leads by ${percentNumber(race.lead)}, needs ${percentNumber(race.needed)} points`,
                ],
              }
            : missing,
        ]
      }),
    ),
  ]
}
