import { createCard, legend } from './card.js'
import { drawing, s } from './dom.js'
import { count, words } from './format.js'

const rowHeight = 40
const left = 58

/** What became of the candidates of each attempt: admitted, rejected by reason, never made. */
export function createRowsChart() {
  const card = createCard('Rows', { hint: 'comes with the first shard' })

  function draw(state) {
    const width = card.width()
    const attempts = [...state.attempts.values()]
      .filter((attempt) => attempt.asked > 0 || attempt.yield.asked > 0)
      .sort((a, b) => (a.number || Infinity) - (b.number || Infinity))
    if (attempts.length === 0) return card.show(null)
    const longest = Math.max(...attempts.map((attempt) => Math.max(attempt.asked, attempt.yield.asked)))
    const x = (rows) => (rows / longest) * (width - left - 4)
    const seen = new Set()
    const bars = attempts.map((attempt, index) => {
      const { admitted, rejected, asked, generated } = attempt.yield
      const pieces = [
        ['admitted', admitted],
        ...Object.entries(rejected).sort((a, b) => b[1] - a[1]),
        ['not-made', asked - generated],
      ]
      const top = index * rowHeight
      let at = left
      const rects = pieces
        .filter(([, rows]) => rows > 0)
        .map(([reason, rows]) => {
          seen.add(reason)
          const rect = s(
            'rect',
            { class: `fill-${reason}`, x: at, y: top + 16, width: Math.max(1, x(rows) - 1), height: 15, rx: 2.5 },
            s('title', {}, `${words(reason)}: ${rows}`),
          )
          at += x(rows)
          return rect
        })
      const open = attempt.asked - asked
      if (open > 0)
        rects.push(
          s('rect', {
            x: at,
            y: top + 16.5,
            width: x(open),
            height: 14,
            rx: 2.5,
            fill: 'none',
            stroke: 'var(--line-strong)',
            'stroke-dasharray': '3 3',
          }),
        )
      const carried = attempt.carried ? `, ${count(attempt.carried)} kept` : ''
      const told =
        asked > 0
          ? `${count(admitted)} of ${count(asked)} admitted${carried}`
          : `${count(attempt.made)} of ${count(attempt.asked)} made`
      return s(
        'g',
        {},
        s('text', { x: left, y: top + 11 }, told),
        attempt.rows !== null &&
          s(
            'text',
            { class: 'strong', x: width - 4, y: top + 11, 'text-anchor': 'end' },
            `${count(attempt.rows)} rows`,
          ),
        s('text', { class: 'strong', x: 0, y: top + 28 }, attempt.number === 0 ? 'control' : `#${attempt.number}`),
        rects,
      )
    })
    const label = attempts
      .map((attempt) => `attempt ${attempt.number}: ${attempt.yield.admitted} of ${attempt.yield.asked} admitted`)
      .join(', ')
    card.show(
      [
        drawing(width, attempts.length * rowHeight, label, bars),
        legend([...seen].map((reason) => [`fill-${reason}`, words(reason)])),
      ],
      'candidates, by outcome',
    )
  }
  return { element: card.element, draw }
}
