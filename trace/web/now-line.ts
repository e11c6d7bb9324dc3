import { numberText } from '../../schemas/number-text.ts'
import type { AgentTrouble } from '../troubles.ts'
import { type Child, h } from './dom.ts'
import { clockDuration } from './format.ts'
import { type RunState, statusOf } from './run-state.ts'

/** Work without a sign for this long is not shown as going on. */
const staleMs = 90_000
const verbs = {
  train: 'trains',
  infer: 'answers as',
  generate: 'generates',
  score: 'scores',
  setup: 'sets up',
  plan: 'plans',
}

/**
 * What is going on this moment, after what keeps agents from their work. `report`: where the gateway answers with the report of a run that
 * is over; null where it reads no runs.
 */
export function nowLine(
  state: RunState,
  now: number,
  troubles: readonly AgentTrouble[] = [],
  report: string | null = null,
): Child[] {
  // Nobody is missed by a run that rests.
  const shown = troubles.filter(({ code }) => code !== 'missing' || statusOf(state) === 'running')
  return [...shown.map(troubleLine), ...(state.finished ? overLines(state, report) : workLine(state, now))]
}

const troubleLine = ({ who, text, fix }: AgentTrouble) =>
  h('span.trouble', h('b', who), ` ${text}${fix ? ` ${fix}` : ''}`)

/** What a person does with a run that is over. */
function overLines({ config, studentModels }: RunState, report: string | null): Child[] {
  const command = (words: string) => h('b', `npx syllabus ${words}`)
  const runId = config?.runId ?? ''
  const isTrained = [...studentModels.values()].some(({ training }) => training !== null)
  const link = (href: string, text: string, more = {}) => h('a', { href, ...more }, text)
  const links = report && [
    ' ',
    !config?.generate && [link(report, 'Report', { target: '_blank', rel: 'noopener noreferrer' }), ' · '],
    link('#card-all-rows', 'Rows'),
    isTrained && [' · ', link('#card-answers-on-validation', 'Answers')],
  ]
  return [
    h('span', h('b', 'The run is over.'), links),
    !config?.generate &&
      h('span', 'Its report: ', h('b', `runs/${runId}/report.html`), ', or ', command(`report ${runId}`)),
    isTrained && h('span', 'Its model: ', command(`export ${runId} --what all`)),
    h('span', 'Its dataset: ', command(`export ${runId}`)),
    h('span', 'This page ends with the command that serves it. To read it again: ', command('watch')),
  ]
}

function workLine(state: RunState, now: number): Child[] {
  const status = statusOf(state)
  if (status === 'waiting') return ['Waiting for the first message.']
  if (status !== 'running') return [h('b', state.status?.reason), state.status?.fix && ` ${state.status.fix}`]
  const working = [...state.work.values()].filter((work) => work.done < work.total && now - work.time < staleMs)
  const lines: Child[] = working.map((work) => {
    const eta =
      work.etaSeconds === undefined ? '' : `, ${clockDuration(work.etaSeconds * 1000 - (now - work.time))} left`
    return h(
      'span',
      h('b', work.instance),
      ` ${verbs[work.phase]} ${work.studentModel ?? ''} · ${numberText(work.done)} of ${numberText(work.total)}${eta}`,
    )
  })
  const making = [...state.attempts.values()].find((attempt) => attempt.asked > attempt.yield.asked)
  if (making) {
    const whose = making.number === 0 ? 'the control' : `attempt ${making.number}`
    const open = making.asked - making.yield.asked
    const made = Math.max(0, making.made - making.yield.generated)
    lines.push(
      h(
        'span',
        h('b', 'Generators and critics'),
        ` make and check candidates of ${whose} · ${numberText(made)} of ${numberText(open)} made`,
      ),
    )
  }
  if (state.finalEvalAsked && !state.finalEval) {
    lines.unshift(
      h(
        'span',
        h('b', 'The final evaluation is in progress.'),
        ' Its messages travel in an account of their own, which this page cannot read.',
      ),
    )
  }
  return lines.length > 0 ? lines : ['Between two pieces of work.']
}
