import { createCard } from './card.js'
import { drawing, s } from './dom.js'
import { duration } from './format.js'
import { inOrder } from './run-state.js'

const height = 208
const left = 30
const bottom = 24
const right = 12

/** Training loss by step: the latest training in front, those before it behind. */
export function createLossChart() {
  const card = createCard('Training loss', { hint: 'comes with the first training step' })

  function draw(state) {
    const width = card.width()
    const trained = inOrder(state).filter((studentModel) => studentModel.losses.length > 0)
    if (trained.length === 0) return card.show(null)
    const working = [...state.work.values()].filter((work) => work.phase === 'train')
    const newest = working.sort((a, b) => b.time - a.time)[0]
    const latest = trained.find((studentModel) => studentModel.name === newest?.studentModel) ?? trained.at(-1)
    const losses = trained.flatMap((studentModel) => studentModel.losses.map(([, loss]) => loss))
    const steps = Math.max(
      ...trained.map((studentModel) => Math.max(studentModel.steps, studentModel.losses.at(-1)[0])),
      1,
    )
    const top = Math.max(...losses) * 1.05
    const x = (step) => left + (step / steps) * (width - left - right)
    const y = (loss) => 10 + (1 - loss / top) * (height - bottom - 10)
    const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => top * share)
    const grid = ticks.map((loss) => [
      s('line', { class: 'grid', x1: left, x2: width - right, y1: y(loss), y2: y(loss) }),
      s('text', { x: left - 6, y: y(loss) + 4, 'text-anchor': 'end' }, loss.toFixed(1)),
    ])
    const axis = [0, Math.round(steps / 2), steps].map((step, index) =>
      s(
        'text',
        { x: x(step), y: height - 6, 'text-anchor': ['start', 'middle', 'end'][index] },
        index === 2 ? `${step} steps` : step,
      ),
    )
    const lines = [...trained.filter((studentModel) => studentModel !== latest), latest].map((studentModel) =>
      s(
        'polyline',
        {
          points: studentModel.losses.map(([step, loss]) => `${x(step).toFixed(1)},${y(loss).toFixed(1)}`).join(' '),
          fill: 'none',
          stroke: studentModel === latest ? 'var(--role-trainer-bridge)' : 'var(--faint)',
          'stroke-width': studentModel === latest ? 2.2 : 1.2,
          'stroke-linejoin': 'round',
          opacity: studentModel === latest ? 1 : 0.5,
        },
        s('title', {}, studentModel.name),
      ),
    )
    const [step, loss] = latest.losses.at(-1)
    const end = [
      s('circle', { cx: x(step), cy: y(loss), r: 3.6, fill: 'var(--role-trainer-bridge)' }),
      s(
        'text',
        {
          class: 'strong',
          x: Math.min(x(step), width - right),
          y: y(loss) - 9,
          'text-anchor': step > steps * 0.75 ? 'end' : 'start',
        },
        `${latest.name}  ${loss.toFixed(3)}`,
      ),
    ]
    const busy = newest?.studentModel === latest.name && step < latest.steps
    const speed = newest?.tokensPerSecond ? `${Math.round(newest.tokensPerSecond)} tokens/s` : ''
    const eta = busy && newest.etaSeconds !== undefined ? `, ${duration(newest.etaSeconds * 1000)} left` : ''
    card.show(
      [
        drawing(
          width,
          height,
          `Training loss of ${latest.name}: ${loss.toFixed(3)} at step ${step}`,
          grid,
          axis,
          lines,
          end,
        ),
      ],
      speed + eta,
    )
  }
  return { element: card.element, draw }
}
