import { h } from './dom.js'
import { duration } from './format.js'
import { gistOf } from './gist.js'

const rowHeight = 42
const spare = 6

/** All messages as a list of which only the visible rows exist, so ten thousand cost no more than twenty. */
export function createMessageList(root, { store, onSelect }) {
  let shown = []
  let selected = null
  let wanted = () => true
  /** Whether the list stays at its end as messages come. */
  let pinned = true
  /** Whether the selected message is to be brought into sight with the next drawing. */
  let seek = false

  const search = h('input', {
    type: 'search',
    placeholder: 'Filter by word or agent',
    'aria-label': 'Filter messages',
    oninput: refilter,
  })
  const kind = h(
    'select',
    { 'aria-label': 'Kind of message', onchange: refilter },
    h('option', { value: '-progress' }, 'all but progress'),
    h('option', { value: '' }, 'all'),
  )
  const sizer = h('div', { role: 'presentation' })
  const rows = h(
    'div',
    { className: 'rows', role: 'listbox', tabIndex: 0, 'aria-label': 'Messages, oldest first' },
    sizer,
  )
  root.append(h('div', { className: 'filters' }, search, kind), rows)
  const kinds = new Set()

  function refilter() {
    const text = search.value.trim().toLowerCase()
    const name = kind.value
    wanted = (entry) =>
      (name === '' || (name === '-progress' ? entry.name !== 'progress' : entry.name === name)) &&
      (text === '' || `${entry.name} ${entry.from.instance} ${entry.id} ${gistOf(entry)}`.toLowerCase().includes(text))
    shown = store.entries.filter(wanted)
    draw()
  }

  function row(entry, index) {
    const element = h(
      'div',
      {
        className: `row role-${entry.from.role}`,
        role: 'option',
        id: `message-${entry.seq}`,
        'aria-selected': String(entry === selected),
        'aria-setsize': shown.length,
        'aria-posinset': index + 1,
        onclick: () => onSelect(entry),
      },
      h('time', {}, duration(entry.time - store.entries[0].time)),
      h('i', { className: 'dot' }),
      h(
        'div',
        {},
        h('b', {}, entry.name),
        ' ',
        h('small', {}, `${entry.from.instance}${entry.to ? ` → ${entry.to.role}` : ''}`),
        h('br'),
        h('small', {}, gistOf(entry)),
      ),
    )
    element.style.top = `${index * rowHeight}px`
    return element
  }

  function draw() {
    if (root.hidden) return
    sizer.style.height = `${shown.length * rowHeight}px`
    if (pinned) rows.scrollTop = shown.length * rowHeight
    else if (seek) showSelected()
    const first = Math.max(0, Math.floor(rows.scrollTop / rowHeight) - spare)
    const last = Math.min(shown.length, Math.ceil((rows.scrollTop + rows.clientHeight) / rowHeight) + spare)
    sizer.replaceChildren(...shown.slice(first, last).map((entry, index) => row(entry, first + index)))
    rows.setAttribute('aria-activedescendant', selected ? `message-${selected.seq}` : '')
  }

  function showSelected() {
    const at = shown.indexOf(selected)
    if (at < 0) return
    const top = at * rowHeight
    if (top < rows.scrollTop) rows.scrollTop = top - rowHeight
    else if (top + rowHeight > rows.scrollTop + rows.clientHeight)
      rows.scrollTop = top - rows.clientHeight + 2 * rowHeight
  }

  function move(by) {
    const at = shown.indexOf(selected)
    const next = shown[at < 0 ? shown.length - 1 : Math.max(0, Math.min(shown.length - 1, at + by))]
    if (next) onSelect(next)
  }
  const page = () => Math.max(1, Math.floor(rows.clientHeight / rowHeight) - 1)
  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(page()),
    PageUp: () => move(-page()),
    Home: () => shown.length > 0 && onSelect(shown[0]),
    End: () => shown.length > 0 && onSelect(shown.at(-1)),
    Escape: () => onSelect(null),
  }
  rows.addEventListener('keydown', (event) => {
    if (!keys[event.key]) return
    event.preventDefault()
    keys[event.key]()
  })
  rows.addEventListener('wheel', () => {
    seek = false
  })
  rows.addEventListener('scroll', () => {
    pinned = !seek && rows.scrollTop + rows.clientHeight >= rows.scrollHeight - rowHeight
    requestAnimationFrame(draw)
  })
  new ResizeObserver(draw).observe(rows)
  refilter()

  return {
    draw,
    append(entry) {
      if (!kinds.has(entry.name)) {
        kinds.add(entry.name)
        kind.append(h('option', { value: entry.name }, entry.name))
      }
      if (wanted(entry)) shown.push(entry)
    },
    select(entry) {
      selected = entry
      seek = Boolean(entry)
      if (entry) pinned = false
      draw()
    },
  }
}
