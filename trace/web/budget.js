import { createCard } from './card.js'
import { h } from './dom.js'
import { count, duration } from './format.js'
import { latestAttempt } from './run-state.js'

function bar(name, told, share) {
  const fill = h('i', { className: share > 0.9 && share < 1 ? 'nearly' : '' })
  fill.style.width = `${Math.min(1, share) * 100}%`
  return [h('dt', {}, name, h('b', {}, told)), h('dd', {}, fill)]
}

/** What is used of everything that ends a run, and what is left. */
export function createBudget() {
  const card = createCard('Budget', { hint: 'comes with the start of the run' })

  function draw(state, elapsedMs) {
    if (!state.config) return card.show(null)
    const { attempts, rows, limits } = state.config
    const number = latestAttempt(state)
    const attempt = state.attempts.get(number)
    const cap = Math.round(rows * limits.candidateCap)
    const hoursMs = limits.maxHours * 3_600_000
    const items = [
      ...bar('Attempts', `${number} of ${attempts}`, number / attempts),
      ...bar('Time', `${duration(elapsedMs)} of ${limits.maxHours} h`, elapsedMs / hoursMs),
      ...bar(
        number ? `Candidates of attempt ${number}` : 'Candidates',
        `${count(attempt?.asked ?? 0)} of ${count(cap)}`,
        (attempt?.asked ?? 0) / cap,
      ),
      ...bar('Rounds', `${attempt?.rounds ?? 0} of ${limits.maxRounds}`, (attempt?.rounds ?? 0) / limits.maxRounds),
    ]
    if (limits.teacherCalls !== null)
      items.push(
        ...bar(
          'Teacher calls',
          `${count(state.calls)} of ${count(limits.teacherCalls)}`,
          state.calls / limits.teacherCalls,
        ),
      )
    card.show([h('dl', { className: 'budget' }, items)], limits.teacherCalls === null ? 'no teacher is paid' : '')
  }
  return { element: card.element, draw }
}
