import { numberText, plural } from '../../schemas/number-text.ts'
import { h } from './dom.ts'
import { brief, clockDuration } from './format.ts'
import { createHold } from './hold.ts'
import { createSearchIndex } from './search-index.ts'
import { type Entry, type EntryStore, firstFrom } from './store.ts'

const rowHeight = 42
const spare = 6

/*
 * The messages as a list of which only the visible rows exist, so ten thousand cost no more than twenty.
 * L1 A row that is in sight stays the same element, and while a pointer is over the list it stays where it is: a click meets what it was
 *    aimed at, however many messages come.
 * L2 The focus is the list's, with one row as its current one. Opening a message makes its row current; closing it leaves that so.
 */
type Options = { store: EntryStore; onSelect: (entry: Entry | null) => void }

export function createMessageList(root: HTMLElement, { store, onSelect }: Options) {
  let shown: Entry[] = []
  let selected: Entry | null = null
  /** The entry of the current row. */
  let current: Entry | null = null
  const index = createSearchIndex()
  let wanted: (entry: Entry) => boolean = () => true
  /** Whether the list stays at its end as messages come. */
  let pinned = true
  /** Whether the current row is to be brought into sight with the next drawing. */
  let seek = false
  /** How many rows there were when the end was last in sight. */
  let seen = 0
  /** The list's height at its last drawing; a scroll that comes of another height is nobody's wish. */
  let height = 0

  const search = h('input', {
    type: 'search',
    placeholder: 'Filter by words  /',
    'aria-label': 'Filter messages',
    'aria-keyshortcuts': '/',
    oninput: refilter,
  })
  const kind = h(
    'select',
    { 'aria-label': 'Kind of message', onchange: refilter },
    h('option', { value: '-progress' }, 'all but progress'),
    h('option', { value: '' }, 'all'),
  )
  const agent = h('select', { 'aria-label': 'Agent', onchange: refilter }, h('option', { value: '' }, 'all agents'))
  const found = h('p.found', { role: 'status' })
  const sizer = h('div', { role: 'presentation' })
  const rows = h('div.rows', { role: 'listbox', tabIndex: 0, 'aria-label': 'Messages, oldest first' }, sizer)
  const latest = h('button.latest', { type: 'button', hidden: true, onclick: toEnd })
  root.append(h('div.filters', search, kind, agent), found, rows, latest)
  const [kinds, agents] = [new Set<string>(), new Set<string>()]
  const made = new Map<number, HTMLElement>()
  const hold = createHold(rows, draw)

  function refilter() {
    const filter = { text: search.value, name: kind.value, from: agent.value }
    wanted = index.test(filter)
    shown = store.entries.filter(wanted)
    seen = shown.length
    const isNarrowed = filter.text.trim() !== '' || filter.from !== '' || !['', '-progress'].includes(filter.name)
    // Not with every message that comes: whoever listens would hear nothing else.
    found.textContent = isNarrowed
      ? `${numberText(shown.length)} of ${numberText(store.entries.length)} ${plural(store.entries.length, 'message')}`
      : ''
    draw()
  }

  /** The place of a message among those shown, -1 where it is not. */
  function placeOf(entry: Entry | null): number {
    if (!entry) return -1
    const at = firstFrom(shown, entry.seq, ({ seq }) => seq)
    return shown[at] === entry ? at : -1
  }

  function addOption(select: HTMLSelectElement, known: Set<string>, value: string, text = value) {
    if (known.has(value)) return
    known.add(value)
    select.append(h('option', { value }, text))
  }

  function row(entry: Entry) {
    return h(
      'div',
      { className: `row role-${entry.from.role}`, role: 'option', id: `message-${entry.seq}` },
      h('time', clockDuration(entry.time - store.entries[0]!.time)),
      h('i.dot'),
      h(
        'div',
        h('b', entry.name),
        ' ',
        h('small', `${entry.from.instance}${entry.to ? ` → ${entry.to.role}` : ''}`),
        h('br'),
        h('small', brief(entry.description)),
      ),
    )
  }

  function draw() {
    if (root.hidden) return
    height = rows.clientHeight
    sizer.style.height = `${shown.length * rowHeight}px`
    // Rows of a longer list are still there, and let it be scrolled beyond the end of this one.
    const most = Math.max(0, shown.length * rowHeight - height)
    if (pinned && !hold.isHeld()) rows.scrollTop = most
    else if (seek) showCurrent()
    const top = Math.min(rows.scrollTop, most)
    const first = Math.max(0, Math.floor(top / rowHeight) - spare)
    const end = Math.ceil((top + height) / rowHeight)
    const last = Math.min(shown.length, end + spare)
    const places = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index)
    // The current row is there wherever the list is, since it has the focus.
    const at = placeOf(current)
    if (at >= last) places.push(at)
    else if (at >= 0 && at < first) places.unshift(at)
    place(places)
    if (current && at >= 0) rows.setAttribute('aria-activedescendant', `message-${current.seq}`)
    else rows.removeAttribute('aria-activedescendant')
    if (end >= shown.length) seen = shown.length
    latest.hidden = seen >= shown.length
    latest.textContent = `↓ ${shown.length - seen} new`
  }

  /** Puts the rows of these places into the list; those that are there stay. */
  function place(places: readonly number[]) {
    const there = new Set(places.map((at) => shown[at]!.seq))
    for (const [seq, element] of made) {
      if (there.has(seq)) continue
      element.remove()
      made.delete(seq)
    }
    for (const [index, at] of places.entries()) {
      const entry = shown[at]!
      const element = made.get(entry.seq) ?? row(entry)
      made.set(entry.seq, element)
      // Both are in the order of the log, so none that is there has to move.
      if (sizer.children[index] !== element) sizer.insertBefore(element, sizer.children[index] ?? null)
      element.style.top = `${at * rowHeight}px`
      element.classList.toggle('current', entry === current)
      element.setAttribute('aria-selected', String(entry === selected))
      element.setAttribute('aria-setsize', String(shown.length))
      element.setAttribute('aria-posinset', String(at + 1))
    }
  }

  function toEnd() {
    pinned = true
    seek = false
    rows.scrollTop = shown.length * rowHeight
    rows.focus({ preventScroll: true })
    draw()
  }

  function showCurrent() {
    const at = placeOf(current)
    if (at < 0) return
    const top = at * rowHeight
    if (top < rows.scrollTop) rows.scrollTop = top - rowHeight
    else if (top + rowHeight > rows.scrollTop + rows.clientHeight)
      rows.scrollTop = top - rows.clientHeight + 2 * rowHeight
  }

  function move(by: number) {
    const at = placeOf(current)
    const next = shown[at < 0 ? shown.length - 1 : Math.max(0, Math.min(shown.length - 1, at + by))]
    if (next) onSelect(next)
  }
  const page = () => Math.max(1, Math.floor(rows.clientHeight / rowHeight) - 1)
  const open = () => current && selected !== current && placeOf(current) >= 0 && onSelect(current)
  const keys: Readonly<Record<string, () => unknown>> = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(page()),
    PageUp: () => move(-page()),
    Home: () => shown[0] && onSelect(shown[0]),
    End: () => onSelect(shown.at(-1) ?? null),
    Enter: open,
    ' ': open,
    Escape: () => onSelect(null),
  }
  rows.addEventListener('keydown', (event) => {
    const act = keys[event.key]
    if (!act) return
    event.preventDefault()
    act()
  })
  rows.addEventListener('click', ({ target }) => {
    const element = (target as Element).closest('.row')
    const entry = element && store.bySeq(Number(element.id.slice('message-'.length)))
    // A text that was marked with the pointer is not a click.
    if (entry && getSelection()?.isCollapsed) onSelect(entry)
  })
  rows.addEventListener('wheel', () => {
    seek = false
  })
  rows.addEventListener('scroll', () => {
    if (rows.clientHeight === height)
      pinned = !seek && rows.scrollTop + rows.clientHeight >= rows.scrollHeight - rowHeight
    requestAnimationFrame(draw)
  })
  new ResizeObserver(draw).observe(rows)
  refilter()

  return {
    element: rows,
    draw,
    focusSearch: () => search.select(),
    append(entry: Entry): void {
      index.add(entry)
      addOption(kind, kinds, entry.name)
      addOption(agent, agents, entry.from.role, `${entry.from.role}, all`)
      addOption(agent, agents, entry.from.instance)
      if (wanted(entry)) shown.push(entry)
    },
    select(entry: Entry | null): void {
      selected = entry
      seek = Boolean(entry)
      if (entry) {
        current = entry
        pinned = false
      }
      draw()
    },
  }
}
