import { numberText, plural } from '../../schemas/number-text.ts'
import type { RunConfig } from '../../schemas/run.ts'
import { createCard } from './card.ts'
import { type Child, h } from './dom.ts'
import { clockDuration } from './format.ts'
import { latestAttempt, type RunState } from './run-state.ts'
import { money, plannerCalls, spentLines, teacherCalls, tokens, type UsageByPart } from './usage.ts'

function bar(name: string, value: string, share: number): Child[] {
  const fill = h('i', { className: share > 0.9 && share < 1 ? 'nearly' : '' })
  fill.style.width = `${Math.min(1, share) * 100}%`
  return [h('dt', name, h('b', value)), h('dd', fill)]
}

const upTo = (
  name: string,
  used: number,
  limit: number | null | undefined,
  format: (value: number) => string = numberText,
) =>
  limit === null || limit === undefined
    ? []
    : bar(name, `${format(used)} of ${format(limit)}`, limit > 0 ? used / limit : 1)
const dollars = (value: number) => `$${value.toFixed(2)}`

/** The limits of what models may cost, those that there are. */
function paid(usage: UsageByPart, { limits, prices, models }: RunConfig): Child[] {
  return [
    ...upTo('Teacher calls', teacherCalls(usage), limits.teacherCalls),
    ...(models?.planner ? upTo('Planner calls', plannerCalls(usage), limits.plannerCalls) : []),
    ...upTo('Tokens', tokens(usage), limits.tokens),
    ...upTo('Money', money(usage, prices) ?? 0, limits.money, dollars),
  ]
}

const usageList = (lines: ReturnType<typeof spentLines>) =>
  h(
    'ul.usage',
    lines.map(({ role, model, stage, calls, inputTokens, outputTokens }) =>
      h(
        'li',
        h('b', `${role}, ${stage}`),
        ` ${model}: ${numberText(calls)} ${plural(calls, 'call')}, ${numberText(inputTokens + outputTokens)} tokens`,
      ),
    ),
  )

/** What is used of everything that ends a run, and what is left. */
export function createBudget() {
  const card = createCard('Budget', { hint: 'comes with the start of the run' })

  function draw(state: RunState, elapsedMs: number) {
    if (!state.config) return card.show(null)
    const { attempts, rows, limits } = state.config
    const number = latestAttempt(state)
    const attempt = state.attempts.get(number)
    const cap = Math.round(rows * limits.candidateCap)
    const hoursMs = limits.maxHours * 3_600_000
    const items = [
      ...bar('Attempts', `${number} of ${attempts}`, number / attempts),
      ...bar('Time', `${clockDuration(elapsedMs)} of ${limits.maxHours} h`, elapsedMs / hoursMs),
      ...bar(
        number ? `Candidates of attempt ${number}` : 'Candidates',
        `${numberText(attempt?.asked ?? 0)} of ${numberText(cap)}`,
        (attempt?.asked ?? 0) / cap,
      ),
      ...bar('Rounds', `${attempt?.rounds ?? 0} of ${limits.maxRounds}`, (attempt?.rounds ?? 0) / limits.maxRounds),
    ]
    items.push(...paid(state.usage, state.config))
    const lines = spentLines(state.usage)
    const word = lines.length === 0 && limits.teacherCalls === null ? 'no model is paid' : ''
    card.show([h('dl.budget', items), ...(lines.length > 0 ? [usageList(lines)] : [])], word)
  }
  return { element: card.element, draw }
}
