import { type Child, h } from './dom.ts'
import { renewChildren } from './renew.ts'

/** A card with a title; `show` replaces its content, with a word on the right of the title if there is one. */
export function createCard(title: string, { wide = false, hint = 'nothing yet' } = {}) {
  const id = `card-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`
  const note = h('span.quiet.end')
  const body = h('div', h('p.empty', hint))
  const element = h(
    'section',
    { className: wide ? 'card wide' : 'card', id, 'aria-labelledby': `${id}-title` },
    h('header', h('h2', { id: `${id}-title` }, title), note),
    body,
  )
  return {
    element,
    /** Room for a drawing, in pixels; a chart is drawn anew when the window changes. */
    width: () => Math.max(220, body.clientWidth),
    show(content: Child, word = '') {
      renewChildren(note, word)
      note.title = word
      renewChildren(body, content ?? h('p.empty', hint))
    },
  }
}

/** A legend of [colour, text] pairs. */
export const legend = (items: readonly (readonly [colour: string, text: string])[]) =>
  h(
    'ul.legend',
    items.map(([colour, text]) => {
      const swatch = h('i')
      swatch.style.background = colour
      return h('li', swatch, text)
    }),
  )
