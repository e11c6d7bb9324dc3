import { h } from './dom.js'
import { count, duration, percent, words } from './format.js'
import { gistOf } from './gist.js'
import { createHold } from './hold.js'
import { modeOf, shareOf } from './run-state.js'

const formatters = {
  'run-started': (payload) => ['The run begins', gistOf({ name: 'run-started', payload })],
  control: ({ action, reason }) => [`Asked to ${action}`, reason],
  decision: ({ attempt, operation, diagnosis, model }) => [
    attempt === 0 ? 'Control' : `Attempt ${attempt}: ${operation}`,
    `${diagnosis}${model ? ` (${model})` : ''}`,
  ],
  verdict({ attempt, round, rows, bySource }) {
    const yields = Object.values(bySource)
    const total = (key) => yields.reduce((sum, part) => sum + part[key], 0)
    const reasons = new Map()
    for (const part of yields)
      for (const [reason, n] of Object.entries(part.rejected)) reasons.set(reason, (reasons.get(reason) ?? 0) + n)
    const worst = [...reasons].sort((a, b) => b[1] - a[1]).slice(0, 3)
    const why =
      worst.length > 0
        ? ` Not admitted: ${worst.map(([reason, n]) => `${n} ${words(reason).toLowerCase()}`).join(', ')}.`
        : ''
    const whose = attempt === 0 ? 'Control' : `Attempt ${attempt}`
    return [
      `${whose}: ${count(rows)} rows after round ${round}`,
      `${count(total('admitted'))} of ${count(total('asked'))} candidates admitted.${why}`,
    ]
  },
  report({ studentModel: { name }, validation, training, reusedTraining, shownAs }, state) {
    const { correct, total } = validation.overall[modeOf(state)]
    const base = shareOf(state.candidates.get('base'), state)
    const points =
      base === null || name === 'base' || total === 0
        ? ''
        : `, ${((correct / total - base) * 100).toFixed(1)} points from the base`
    const trained = training
      ? `Trained on ${count(training.rows)} rows in ${duration(training.seconds * 1000)}${reusedTraining ? ', reused' : ''}. `
      : ''
    if (shownAs !== undefined)
      return [
        `${words(name)} is not above chance`,
        `${trained}Not better than ${words(shownAs)} by more than chance: the guard shows that one's score in its place.`,
      ]
    return [
      `${words(name)} scores ${total > 0 ? percent(correct / total) : 'nothing'}`,
      `${trained}${correct} of ${total} right on validation${points}.`,
    ]
  },
  fault: ({ message, reason }) => [`Dead letter: ${message}`, reason],
  'final-eval-request': () => [
    'The search is over, the sealed test is asked for',
    'For a frozen list of candidates, once. The sittings are not on this log.',
  ],
  finalEval: ({ results }) => [
    'The sealed test is open',
    Array.isArray(results) ? 'The result stands at the top of the page.' : '',
  ],
  'status-changed': ({ status, reason, fix }) => [words(status), [reason, fix].filter(Boolean).join('. ')],
  'run-finished': (payload) => ['The run is over', `${gistOf({ name: 'run-finished', payload })}.`],
}

/** The run as a story: decisions and what came of them, the newest first. */
export function createStory(root, { state, onSelect }) {
  const list = h('ol', { className: 'story' })
  root.append(list)
  /** What came while a pointer was over the story. */
  const waiting = []
  const hold = createHold(root, () => list.prepend(...waiting.splice(0).reverse()))
  return {
    append(entry, startedAt) {
      const formatter = formatters[entry.name]
      if (!formatter || entry.parseError) return
      const [title, text] = formatter(entry.payload, state())
      const item = h(
        'li',
        { className: `role-${entry.from.role}` },
        h(
          'button',
          { type: 'button', onclick: () => onSelect(entry) },
          h('b', {}, title),
          h('time', {}, duration(entry.time - startedAt)),
        ),
        text ? h('p', {}, text) : null,
      )
      if (hold.isHeld()) waiting.push(item)
      else list.prepend(item)
    },
  }
}
