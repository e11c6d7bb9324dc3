import { capital } from '../../schemas/text.ts'
import type { ServerFrame } from '../frames.ts'
import { copyButton } from './copy-button.ts'
import { h } from './dom.ts'
import { brief, clockDuration, localTime, size } from './format.ts'
import { jsonTree } from './json-tree.ts'
import { addressOf } from './place.ts'
import type { Entry, EntryStore } from './store.ts'

const mostEffects = 40

type Options = { store: EntryStore; onSelect: (entry: Entry | null) => void; requestContent: (seq: number) => void }

/** One message: what it says, what led to it, what followed. `requestContent` fetches what the gateway left out. */
export function createDetail(root: HTMLElement, { store, onSelect, requestContent }: Options) {
  const contents = new Map<number, unknown>()
  let selected: Entry | null = null

  const chip = (entry: Entry) =>
    h(
      'button',
      {
        type: 'button',
        className: `chip role-${entry.from.role}`,
        title: `${entry.from.instance}: ${brief(entry.description)}`,
        onclick: () => onSelect(entry),
      },
      h('i.dot'),
      entry.name,
    )
  const part = (title: string, entries: readonly Entry[], more = 0) =>
    entries.length > 0
      ? [h('h4', title), h('div.chain', entries.map(chip), more > 0 ? h('span.quiet', `and ${more} more`) : null)]
      : []

  const isWhole = (entry: Entry) => !entry.summarised || contents.has(entry.seq)
  const payloadOf = (entry: Entry) => contents.get(entry.seq) ?? entry.payload
  /** The message as the log has it: who, when, why and what. */
  const messageOf = (entry: Entry) => {
    const { seq, at, name, from, to, id, cause } = entry
    return { seq, at, name, from, to, id, cause, payload: payloadOf(entry) }
  }
  const contentOf = (entry: Entry) => [
    h('h4', isWhole(entry) ? 'Content' : 'Content, long lists still on their way'),
    h('div.json', { id: 'content', 'data-whole': String(isWhole(entry)) }, jsonTree(payloadOf(entry))),
  ]
  root.tabIndex = -1
  const copyJson = copyButton('Copy as JSON', () => (selected ? JSON.stringify(messageOf(selected), null, 2) : ''))
  const copyLink = copyButton('Copy link', () => (selected ? addressOf({ kind: 'message', seq: selected.seq }) : ''))
  const content = h('div')

  function draw() {
    root.hidden = !selected
    if (!selected) return root.replaceChildren()
    const entry = selected
    const effects = store.effectsOf(entry)
    const to = entry.to ? ` → ${entry.to.role} (${entry.to.variant})` : ' → everybody who reads the log'
    root.replaceChildren(
      h(
        'header',
        h('h3', { className: `role-${entry.from.role}` }, h('i.dot'), entry.name),
        copyJson,
        copyLink,
        h('button.small', { type: 'button', 'aria-label': 'Close', onclick: () => onSelect(null) }, '✕'),
      ),
      h(
        'div.body',
        h('p.text', h('b', capital(entry.description.title)), `\n${capital(entry.description.text)}`),
        h('p.facts', `${entry.from.instance}${to}`),
        h(
          'p.facts',
          h('time', { dateTime: entry.at }, localTime(entry.at)),
          `, ${clockDuration(entry.time - store.entries[0]!.time)} into the run · number ${entry.seq} · ${size(entry.bytes)}`,
        ),
        ...part('Because of', store.ancestors(entry).slice(-mostEffects)),
        ...part('Led to', effects.slice(0, mostEffects), effects.length - mostEffects),
        entry.throughSealed
          ? h(
              'p.facts',
              'Between the request and this lie the jobs of the sealed test, in an account that this page cannot read.',
            )
          : null,
        content,
      ),
    )
    drawContent(entry)
  }

  function drawContent(entry: Entry) {
    copyJson.disabled = !isWhole(entry)
    content.replaceChildren(...contentOf(entry))
  }

  return {
    select(entry: Entry | null): void {
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
    take({ seq, payload, error }: Extract<ServerFrame, { type: 'content' }>): void {
      if (error) return
      if (contents.size > 50) contents.delete(contents.keys().next().value!)
      contents.set(seq, payload)
      if (selected?.seq === seq) drawContent(selected)
    },
  }
}
