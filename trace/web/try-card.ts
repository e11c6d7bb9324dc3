import type { SideBySideAnswer, TryQuestion, TryReply } from '../try-panel.ts'
import { createCard } from './card.ts'
import { type Child, h } from './dom.ts'
import { reasonIn } from './reading.ts'
import { inReadingOrder, type RunState } from './run-state.ts'

type Options = { token: string; run: string | null; onOffered: () => void }

/** Asks the base and the latest trained model the same question; it is there where the gateway answers such questions. */
export function createTryCard({ token, run, onOffered }: Options) {
  const address = `/try?${new URLSearchParams({ token })}`
  const text = h('textarea', {
    rows: 2,
    maxLength: 8000,
    'aria-label': 'Your question',
    placeholder: 'A question of your own',
  })
  const ask = h('button', { type: 'button', onclick: () => void show({ text: text.value }) }, 'Ask both')
  const example = h('button', { type: 'button', onclick: () => void show({ example: next }) }, 'An example')
  const answers = h('div.answers', { 'aria-live': 'polite' })
  const card = createCard('Try it', { wide: true })
  const { element } = card
  card.show([h('div.ask', text, ask, example), answers], 'base and tuned, the same question')
  element.hidden = true
  let next = 1
  let isOffered = false
  void fetch(address)
    .then((response) => response.json())
    .then(({ offered }: { offered: boolean }) => {
      isOffered = offered
      onOffered()
    })
    .catch(() => {})

  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey) return
    event.preventDefault()
    ask.click()
  })

  async function show(question: TryQuestion): Promise<void> {
    if ('text' in question && question.text.trim() === '') return text.focus()
    ask.disabled = example.disabled = true
    answers.replaceChildren(h('p.quiet', 'Asking; the first question waits until the models are loaded …'))
    answers.replaceChildren(...(await replyTo(question)))
    ask.disabled = example.disabled = false
  }

  async function replyTo(question: TryQuestion): Promise<HTMLElement[]> {
    const body = JSON.stringify({ run, question })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(address, { method: 'POST', headers, body }).catch(() => null)
    if (response === null) return [h('p.bad', 'The gateway does not answer.')]
    if (!response.ok) return [h('p.bad', await reasonIn(response))]
    const answer = (await response.json()) as SideBySideAnswer
    if (answer.example) next = (next % answer.example.of) + 1
    return [
      h('p.asked', answer.asked),
      h('div.replies', answer.replies.map(replyOf)),
      ...(answer.example ? [h('p', 'Right answer: ', h('strong', answer.example.answer))] : []),
    ]
  }

  return {
    element,
    draw(state: RunState): void {
      element.hidden = !isOffered || run === null || !inReadingOrder(state).some(({ training }) => training !== null)
    },
  }
}

function replyOf({ model, text, thoughts, isCut, isRight, reason }: TryReply): HTMLElement {
  const verdict: Child =
    isRight !== undefined &&
    h('span', { className: isRight ? 'right' : 'wrong', title: reason ?? '' }, isRight ? 'right' : 'wrong')
  return h(
    'figure',
    h('figcaption', model, ' ', verdict),
    thoughts && h('details', h('summary', 'Thoughts'), h('p', thoughts)),
    h('p', text.trim() === '' ? '(empty)' : text, isCut && h('span.quiet', ' [cut]')),
  )
}
