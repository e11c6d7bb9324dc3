import { h } from './dom.js'
import { clock, duration, size } from './format.js'
import { gistOf } from './gist.js'
import { jsonTree } from './json-tree.js'

const mostEffects = 40

/** One message: what it says, what led to it, what followed. `requestContent` fetches what the gateway left out. */
export function createDetail(root, { store, onSelect, requestContent }) {
  const contents = new Map()
  let selected = null

  const chip = (entry) =>
    h(
      'button',
      {
        type: 'button',
        className: `chip role-${entry.from.role}`,
        title: `${entry.from.instance}: ${gistOf(entry)}`,
        onclick: () => onSelect(entry),
      },
      h('i', { className: 'dot' }),
      entry.name,
    )
  const part = (title, entries, more = 0) =>
    entries.length > 0
      ? [
          h('h4', {}, title),
          h(
            'div',
            { className: 'chain' },
            entries.map(chip),
            more > 0 ? h('span', { className: 'quiet' }, `and ${more} more`) : null,
          ),
        ]
      : []

  async function copy(button, payload) {
    const text = JSON.stringify(payload, null, 2)
    try {
      await navigator.clipboard.writeText(text)
      button.textContent = 'Copied'
    } catch {
      button.textContent = 'The browser refused'
    }
    setTimeout(() => {
      button.textContent = 'Copy'
    }, 1500)
  }

  const isWhole = (entry) => !entry.summarised || contents.has(entry.seq)
  const payloadOf = (entry) => contents.get(entry.seq) ?? entry.payload
  const contentOf = (entry) => [
    h('h4', {}, isWhole(entry) ? 'Content' : 'Content, long lists still on their way'),
    h('div', { className: 'json', id: 'content', 'data-whole': String(isWhole(entry)) }, jsonTree(payloadOf(entry))),
  ]
  root.tabIndex = -1
  const copyButton = h(
    'button',
    { type: 'button', className: 'small', onclick: (event) => copy(event.target, payloadOf(selected)) },
    'Copy',
  )
  const content = h('div', {})

  function draw() {
    root.hidden = !selected
    if (!selected) return root.replaceChildren()
    const entry = selected
    const effects = store.effectsOf(entry)
    const to = entry.to ? ` → ${entry.to.role} (${entry.to.variant})` : ' → everybody who reads the log'
    root.replaceChildren(
      h(
        'header',
        {},
        h('h3', { className: `role-${entry.from.role}` }, h('i', { className: 'dot' }), entry.name),
        copyButton,
        h('button', { type: 'button', className: 'small', 'aria-label': 'Close', onclick: () => onSelect(null) }, '✕'),
      ),
      h(
        'div',
        { className: 'body' },
        h('p', {}, gistOf(entry)),
        h('p', { className: 'facts' }, `${entry.from.instance}${to}`),
        h(
          'p',
          { className: 'facts' },
          `${clock(entry.at)}, ${duration(entry.time - store.entries[0].time)} into the run · number ${entry.seq} · ${size(entry.bytes)}`,
        ),
        ...part('Because of', store.ancestors(entry).slice(-mostEffects)),
        ...part('Led to', effects.slice(0, mostEffects), effects.length - mostEffects),
        entry.throughSealed
          ? h(
              'p',
              { className: 'facts' },
              'Between the request and this lie the sittings, in an account that this page cannot read.',
            )
          : null,
        content,
      ),
    )
    drawContent()
  }

  function drawContent() {
    copyButton.disabled = !isWhole(selected)
    content.replaceChildren(...contentOf(selected))
  }

  return {
    select(entry) {
      const same = selected === entry
      selected = entry
      if (entry?.summarised && !contents.has(entry.seq)) requestContent(entry.seq)
      draw()
      if (!same) root.scrollTop = 0
    },
    /** Asks again for what was on its way when the connection was lost. */
    retry() {
      if (selected?.summarised && !contents.has(selected.seq)) requestContent(selected.seq)
    },
    /** Takes the whole content of a message. */
    take({ seq, payload, error }) {
      if (error) return
      if (contents.size > 50) contents.delete(contents.keys().next().value)
      contents.set(seq, payload)
      if (selected?.seq === seq) drawContent()
    },
  }
}
