import { lossPlot } from '../plots/loss.ts'
import { createCard } from './card.ts'
import { clockDuration } from './format.ts'
import { plotted } from './plotted.ts'
import { inReadingOrder, type RunState } from './run-state.ts'

/** Training loss by step: the latest training in front, those before it behind. */
export function createLossChart() {
  const card = createCard('Training loss', { hint: 'comes with the first training step' })

  function draw(state: RunState) {
    const trained = inReadingOrder(state).filter(({ losses }) => losses.length > 0)
    const working = [...state.work.values()].filter(({ phase }) => phase === 'train').sort((a, b) => b.time - a.time)
    const newest = working[0]
    const latest = trained.find(({ name }) => name === newest?.studentModel) ?? trained.at(-1)
    if (!latest) return card.show(null)
    const [step, loss] = latest.losses.at(-1)!
    const lines = [...trained.filter((studentModel) => studentModel !== latest), latest].map(({ name, losses }) =>
      name === latest.name
        ? { name, curve: losses, colour: 'var(--role-trainer-bridge)', end: `${name}  ${loss.toFixed(3)}` }
        : { name, curve: losses, colour: 'var(--faint)' },
    )
    const steps = Math.max(
      ...trained.map((studentModel) => Math.max(studentModel.steps, studentModel.losses.at(-1)![0])),
      1,
    )
    const isBusy = newest?.studentModel === latest.name && step < latest.steps
    const speed = newest?.tokensPerSecond ? `${Math.round(newest.tokensPerSecond)} tokens/s` : ''
    const eta = isBusy && newest.etaSeconds !== undefined ? `, ${clockDuration(newest.etaSeconds * 1000)} left` : ''
    const size = { width: card.width(), height: 208, x: { domain: [0, steps], ticks: 4 } }
    const label = `Training loss of ${latest.name}: ${loss.toFixed(3)} at step ${step}`
    card.show(plotted(label, lossPlot(lines, size)), speed + eta)
  }
  return { element: card.element, draw }
}
