import { h } from './dom.js'
import { count, duration } from './format.js'
import { statusOf } from './run-state.js'

/** Work without a sign for this long is not shown as going on. */
const staleMs = 90_000
const verbs = { train: 'trains', infer: 'answers as', generate: 'generates', score: 'scores', setup: 'sets up' }

/** What is going on this moment, after what keeps agents from their work. */
export function nowLine(state, now, troubles = []) {
  return [...troubles.map(troubleLine), ...workLine(state, now)]
}

const troubleLine = ({ who, text, fix }) =>
  h('span', { className: 'trouble' }, h('b', {}, who), ` ${text}${fix ? ` ${fix}` : ''}`)

function workLine(state, now) {
  if (state.finished) {
    return [
      h(
        'span',
        {},
        'The run is over. Its report: ',
        h('b', {}, `runs/${state.config?.runId ?? '…'}/report.html`),
        ', or ',
        h('b', {}, `npx syllabus report ${state.config?.runId ?? ''}`),
      ),
    ]
  }
  const status = statusOf(state)
  if (status === 'waiting') return ['Waiting for the first message.']
  if (status !== 'running') return [h('b', {}, state.status.reason), state.status.fix ? ` ${state.status.fix}` : '']
  const working = [...state.work.values()].filter((work) => work.done < work.total && now - work.time < staleMs)
  const told = working.map((work) => {
    const eta = work.etaSeconds === undefined ? '' : `, ${duration(work.etaSeconds * 1000 - (now - work.time))} left`
    return h(
      'span',
      {},
      h('b', {}, work.instance),
      ` ${verbs[work.phase]} ${work.studentModel ?? ''} · ${count(work.done)} of ${count(work.total)}${eta}`,
    )
  })
  const making = [...state.attempts.values()].find((attempt) => attempt.asked > attempt.yield.asked)
  if (making) {
    const whose = making.number === 0 ? 'the control' : `attempt ${making.number}`
    const open = making.asked - making.yield.asked
    const made = Math.max(0, making.made - making.yield.generated)
    told.push(
      h(
        'span',
        {},
        h('b', {}, 'Generators and critics'),
        ` make and check candidates of ${whose} · ${count(made)} of ${count(open)} made`,
      ),
    )
  }
  if (state.finalEvalAsked && !state.finalEval) {
    told.unshift(
      h(
        'span',
        {},
        h('b', {}, 'The sealed test is being taken.'),
        ' Its messages travel in an account of their own, which this page cannot read.',
      ),
    )
  }
  return told.length > 0 ? told : ['Between two pieces of work.']
}
