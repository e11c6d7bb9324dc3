import { rowsPlot } from '../../../trace/plots/rows.ts'
import type { Markup } from '../document/markup.ts'
import type { DatasetFacts } from '../report-data.ts'
import { draw, seriesColour } from './draw.ts'

/** Rows by skill in each dataset; null where no dataset was made. */
export function skillMix(datasets: readonly DatasetFacts[], skills: readonly string[]): Markup | null {
  const parts = [...datasets]
    .sort((one, other) => (one.attempt || 1000) - (other.attempt || 1000))
    .flatMap(({ attempt, mix }) => {
      const name = attempt === 0 ? 'Control' : `Attempt ${attempt}`
      const inOrder = Object.entries(mix).sort(([one], [other]) => skills.indexOf(one) - skills.indexOf(other))
      return inOrder.map(([skill, rows]) => {
        const colour = seriesColour(Math.max(0, skills.indexOf(skill)))
        return { name, rows, colour, title: `${name}, ${skill}: ${rows} rows` }
      })
    })
  if (parts.length === 0) return null
  const height = 70 + 36 * new Set(parts.map(({ name }) => name)).size
  const margins = { marginLeft: 76, marginBottom: 42, marginRight: 24 }
  return draw('Rows by skill in each dataset', rowsPlot(parts, { width: 480, height, ...margins }))
}
