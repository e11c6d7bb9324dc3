import type { Answer, AnsweredItem, AnswerLine, AnswerPage } from '../run-reader.ts'
import { type Child, h } from './dom.ts'
import type { Reading } from './reading.ts'
import { inReadingOrder, type RunState } from './run-state.ts'
import { createTableCard, texts } from './table-card.ts'

/** What a student model answered to each validation question, with search; each opens with the answers of all. */
export function createAnswersCard(reading: Reading) {
  const best = h('option', { value: '' }, 'best so far')
  const model = h('select', { 'aria-label': 'Student model' }, best)
  const wrong = h('input', { type: 'checkbox', 'aria-label': 'Only wrong answers' })
  const card = createTableCard<AnswerLine, AnswerPage>({
    title: 'Answers on validation',
    label: 'Search questions and answers',
    heads: ['Item', 'Result', 'Right answer', 'Its answer', 'Question'],
    controls(reload) {
      for (const control of [model, wrong]) control.addEventListener('change', reload)
      return [model, h('label.check', wrong, 'only wrong ones')]
    },
    async load(query) {
      const chosen = { ...(model.value && { model: model.value }), ...(wrong.checked && { wrong: '1' }) }
      const answer = await reading.get<AnswerPage>('answers', { ...query, ...chosen })
      if ('value' in answer) showModels(answer.value)
      return answer
    },
    cells: ({ id, input, expected, answer }) => [id, answer && resultOf(answer), expected, answer?.reply, input],
    async open({ id }) {
      const answer = await reading.get<AnsweredItem>('answer', { id })
      return 'error' in answer ? h('p.bad', answer.error) : detailOf(answer.value)
    },
    note: ({ model: shown }) => `, answered by ${shown}`,
  })

  function showModels({ models }: AnswerPage): void {
    const chosen = model.value
    if (model.options.length === models.length + 1) return
    model.replaceChildren(best, ...models.map((name) => h('option', { value: name }, name)))
    model.value = chosen
  }

  return {
    element: card.element,
    draw: (state: RunState): void =>
      card.draw(reading.isOffered(), inReadingOrder(state).filter(({ sheet }) => sheet !== null).length),
  }
}

const resultOf = ({ correct, noAnswer }: Answer): Child =>
  h('span', { className: correct ? 'right' : 'wrong' }, correct ? 'right' : (noAnswer ?? 'wrong'))

const detailOf = ({ id, skill, input, expected, answers }: AnsweredItem): Child => [
  h('p', h('b', id), ` skill ${skill}, of validation`),
  texts([
    ['Question', input],
    ['Right answer', expected.join(' or ')],
    ...answers.map((answer) => [[`${answer.model}: `, resultOf(answer)], answer.reply || '(nothing)'] as const),
  ]),
]
