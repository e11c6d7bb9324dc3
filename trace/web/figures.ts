import { type Child, h } from './dom.ts'
import { clockDuration, percentText, words } from './format.ts'
import { renewChildren } from './renew.ts'
import { bestAttempt, latestAttempt, type RunState, scoreShare, statusOf } from './run-state.ts'

const figure = (name: string, id: string, ...value: Child[]) =>
  h('dl.figure', { id: `figure-${id}` }, h('dt', name), h('dd', value))

const stopDetail = ({ finished }: RunState) => (finished?.stopDetail === undefined ? '' : ` ${finished.stopDetail}`)

/** `, generation 3` in a run that says how it searches. */
function generation(state: RunState): string {
  const place = state.attempts.get(latestAttempt(state))?.decision?.place
  return place ? `, generation ${place.generation}` : ''
}

/** The run in five figures, for the head of the page. */
export function createFigures(root: HTMLElement) {
  return {
    draw(state: RunState, elapsedMs: number) {
      const status = statusOf(state)
      const base = scoreShare(state.studentModels.get('base'), state)
      const best = bestAttempt(state)
      const share = best && scoreShare(best[1], state)
      const difference = share !== null && base !== null ? (share - base) * 100 : null
      const change =
        difference === null
          ? null
          : h(
              'small',
              { className: difference >= 0 ? 'up' : 'down' },
              ` ${difference >= 0 ? '+' : '−'}${Math.abs(difference).toFixed(1)}`,
            )
      const attempts = state.config?.attempts
      renewChildren(
        root,
        figure('Status', 'status', h('span', { className: `status-${status}` }, words(status))),
        ...(state.finished
          ? [figure('Stopped because', 'stop', words(state.finished.stopReason), h('small.quiet', stopDetail(state)))]
          : []),
        figure('Elapsed', 'elapsed', clockDuration(elapsedMs)),
        figure(
          'Attempt',
          'attempt',
          `${latestAttempt(state) || '–'}`,
          h('small.quiet', attempts ? ` of ${attempts}${generation(state)}` : ''),
        ),
        figure(best ? `Best on validation (#${best[0]})` : 'Best on validation', 'best', percentText(share), change),
        figure('Base student', 'base', percentText(base)),
      )
    },
  }
}
