import type { Markup } from '../document/markup.ts'
import { runLines } from '../plots/run-lines.ts'
import { percent, points } from '../text/format.ts'
import type { Comparison } from './analyse.ts'
import { armsText } from './text.ts'

/** Each arm's runs, their mean and its interval; null where no run ended with a result. */
export const armPlot = ({ arms }: Comparison): Markup | null =>
  runLines(
    arms.map(({ arm, score }) => ({ name: arm, over: score })),
    {
      label: 'Score of each run by arm, with means and 95 % intervals',
      axis: '% right',
      zero: false,
      write: percent,
    },
  )

/** Each effect's pairs, their mean and its interval, about zero. */
export const effectPlot = ({ effects }: Comparison): Markup | null =>
  runLines(
    effects.map((effect) => ({ name: armsText(effect), over: effect.differences })),
    {
      label: 'Difference of each pair by effect, with means and 95 % intervals',
      axis: 'points',
      zero: true,
      write: points,
    },
  )
