import { h } from './dom.js'
import { renewChildren } from './renew.js'

/** A card with a title; `show` replaces its content, with a word on the right of the title if there is one. */
export function createCard(title, { wide = false, hint = 'nothing yet' } = {}) {
  const id = `card-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`
  const note = h('span', { className: 'quiet end' })
  const body = h('div', {}, h('p', { className: 'empty' }, hint))
  const element = h(
    'section',
    { className: wide ? 'card wide' : 'card', id, 'aria-labelledby': `${id}-title` },
    h('header', {}, h('h2', { id: `${id}-title` }, title), note),
    body,
  )
  return {
    element,
    /** Room for a drawing, in pixels; a chart is drawn anew when the window changes. */
    width: () => Math.max(220, body.clientWidth),
    show(content, word = '') {
      renewChildren(note, word)
      note.title = word
      renewChildren(body, content ?? h('p', { className: 'empty' }, hint))
    },
  }
}

/** A legend of [class of the swatch, text] pairs. */
export const legend = (items) =>
  h(
    'ul',
    { className: 'legend' },
    items.map(([swatch, text]) => h('li', { className: swatch }, h('i'), text)),
  )
