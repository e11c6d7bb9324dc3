import { numberText } from '../../schemas/number-text.ts'
import type { TablePage } from '../run-reader.ts'
import { createCard } from './card.ts'
import { type Child, h } from './dom.ts'
import { createHold } from './hold.ts'
import type { Read } from './reading.ts'

/** How long a table that is in sight stays as it is, while the run goes on; longer where its reading takes long. */
const renewMs = 10_000
/** How long nothing is typed before it is searched. */
const typingMs = 250

type Options<Line, Page> = {
  title: string
  /** What is searched, for whoever cannot see the card. */
  label: string
  heads: readonly string[]
  /** Beside the search. Each asks `reload` when it changes. */
  controls: (reload: () => void) => readonly HTMLElement[]
  load(query: { search: string; from: string }): Promise<Read<Page>>
  cells(line: Line, page: Page): readonly Child[]
  /** What is shown of a line that was chosen. */
  open(line: { id: string }): Promise<Child>
  note?(page: Page): string
}

/**
 * A table that the gateway searches, a page at a time. It is read when it is first in sight, and again while it is and there is more; never
 * under a pointer.
 */
export function createTableCard<Line extends { id: string }, Page extends TablePage<Line>>(
  options: Options<Line, Page>,
) {
  const { title, label, heads, controls, load, cells, open, note = () => '' } = options
  let from = 0
  let isInSight = false
  /** What there was of the run when the table was last read, and now. */
  let [read, there] = [0, 0]
  let isReading = false
  let rests: ReturnType<typeof setTimeout> | null = null
  let typing: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  const search = h('input', { type: 'search', maxLength: 200, placeholder: 'Search', 'aria-label': label })
  search.addEventListener('input', () => {
    clearTimeout(typing)
    typing = setTimeout(() => show(0), typingMs)
  })
  const body = h('tbody')
  const error = h('p.bad', { hidden: true })
  const place = h('span.quiet', { role: 'status' })
  const button = (text: string, by: (page: number) => number) => {
    const made = h('button', { type: 'button', disabled: true }, text)
    return Object.assign(made, { onclick: () => show(by(from)) })
  }
  let pageLines = 0
  const back = button('Back', (at) => Math.max(0, at - pageLines))
  const next = button('More', (at) => at + pageLines)
  const opened = h('div.opened', { 'aria-live': 'polite' })
  const head = h(
    'tr',
    heads.map((text) => h('th', { scope: 'col' }, text)),
  )
  const table = h('table.lines', h('thead', head), body)
  const card = createCard(title, { wide: true })
  const { element } = card
  element.classList.add('full')
  element.hidden = true
  const controlling = controls(() => show(0))
  card.show([h('div.ask', search, controlling), error, table, h('div.ask', back, next, place), opened])
  const hold = createHold(table, renew)
  new IntersectionObserver(([entry]) => {
    isInSight = entry?.isIntersecting ?? false
    renew()
  }).observe(element)

  function renew(): void {
    if (!isInSight || isReading || rests || read === there || hold.isHeld()) return
    void show(from)
  }

  function rest(ms: number): void {
    clearTimeout(rests ?? undefined)
    rests = setTimeout(() => {
      rests = null
      renew()
    }, ms)
  }

  async function show(at: number): Promise<void> {
    from = at
    read = there
    const own = ++asked
    const began = performance.now()
    isReading = true
    const answer = await load({ search: search.value, from: String(at) })
    if (own !== asked) return
    isReading = false
    rest(Math.max(renewMs, 10 * (performance.now() - began)))
    error.hidden = 'value' in answer
    error.textContent = 'error' in answer ? answer.error : ''
    if ('error' in answer) return
    const page = answer.value
    const { found, lines } = page
    // Fewer are found than there were.
    if (lines.length === 0 && at > 0) return show(0)
    body.replaceChildren(...lines.map((line) => rowOf(line, page)))
    pageLines = at === 0 ? lines.length : pageLines
    back.disabled = at === 0
    next.disabled = at + lines.length >= found
    place.textContent =
      found === 0
        ? 'none'
        : `${numberText(at + 1)} to ${numberText(at + lines.length)} of ${numberText(found)}${note(page)}`
  }

  async function openLine(line: { id: string }): Promise<void> {
    opened.replaceChildren(h('p.quiet', `Reading ${line.id} …`))
    const child = await open(line)
    opened.replaceChildren(h('div', child))
    opened.scrollIntoView({ block: 'nearest' })
  }

  function rowOf(line: Line, page: Page): HTMLElement {
    const [first, ...others] = cells(line, page)
    const named = h('button.link', { type: 'button', onclick: () => void openLine(line) }, first)
    return h(
      'tr',
      [named, ...others].map((cell, at) => h('td', { 'data-head': heads[at] }, cell)),
    )
  }

  return {
    element,
    /** Shows what is opened of a line, which need not be in the table. */
    openLine: (id: string) => openLine({ id }),
    /** `now`: what there is of the run to be read, a number that grows; 0 where there is nothing. */
    draw(isOffered: boolean, now: number): void {
      element.hidden = !isOffered || now === 0
      there = now
      renew()
    },
  }
}

/** Named texts, one below the other; those that are empty are left out. */
export const texts = (parts: readonly (readonly [name: Child, text: string | null])[]): HTMLElement =>
  h(
    'dl.texts',
    parts.filter(([, text]) => text !== null && text !== '').map(([name, text]) => [h('dt', name), h('dd', text)]),
  )
