import { createCard } from './card.js'
import { h } from './dom.js'
import { count, duration } from './format.js'
import { latestAttempt } from './run-state.js'
import { money, plannerCalls, teacherCalls, tokens, usageLines } from './usage.js'

function bar(name, told, share) {
  const fill = h('i', { className: share > 0.9 && share < 1 ? 'nearly' : '' })
  fill.style.width = `${Math.min(1, share) * 100}%`
  return [h('dt', {}, name, h('b', {}, told)), h('dd', {}, fill)]
}

const upTo = (name, used, limit, told = count) =>
  limit === null || limit === undefined
    ? []
    : bar(name, `${told(used)} of ${told(limit)}`, limit > 0 ? used / limit : 1)
const dollars = (value) => `$${value.toFixed(2)}`

/** The limits of what models may cost, those that there are. */
function paid(usage, { limits, prices, models }) {
  return [
    ...upTo('Teacher calls', teacherCalls(usage), limits.teacherCalls),
    ...(models?.planner ? upTo('Planner calls', plannerCalls(usage), limits.plannerCalls) : []),
    ...upTo('Tokens', tokens(usage), limits.tokens),
    ...upTo('Money', money(usage, prices) ?? 0, limits.money, dollars),
  ]
}

const usageList = (lines) =>
  h(
    'ul',
    { className: 'usage' },
    lines.map(({ role, model, stage, calls, inputTokens, outputTokens }) =>
      h(
        'li',
        {},
        h('b', {}, `${role}, ${stage}`),
        ` ${model}: ${count(calls)} calls, ${count(inputTokens + outputTokens)} tokens`,
      ),
    ),
  )

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
    items.push(...paid(state.usage, state.config))
    const lines = usageLines(state.usage)
    const word = lines.length === 0 && limits.teacherCalls === null ? 'no model is paid' : ''
    card.show([h('dl', { className: 'budget' }, items), ...(lines.length > 0 ? [usageList(lines)] : [])], word)
  }
  return { element: card.element, draw }
}
