import { capital } from '../../schemas/text.ts'
import { h } from './dom.ts'
import { clockDuration } from './format.ts'
import { createHold } from './hold.ts'
import type { Entry } from './store.ts'

/** Messages of which there are many, and that decide nothing. */
const routine: readonly string[] = ['shard', 'batch', 'tried', 'job', 'predictions', 'progress']

type Options = { onSelect: (entry: Entry) => void }

/** The run as a summary: decisions and what came of them, the newest first. */
export function createSummaryList(root: HTMLElement, { onSelect }: Options) {
  const list = h('ol.summary')
  root.append(list)
  /** What came while a pointer was over the summary. */
  const waiting: HTMLElement[] = []
  const hold = createHold(root, () => list.prepend(...waiting.splice(0).reverse()))
  return {
    append(entry: Entry, startedAt: number): void {
      if (routine.includes(entry.name)) return
      const { title, text } = entry.description
      const item = h(
        'li',
        { className: `role-${entry.from.role}` },
        h(
          'button',
          { type: 'button', onclick: () => onSelect(entry) },
          h('b', capital(title)),
          h('time', clockDuration(entry.time - startedAt)),
        ),
        text ? h('p.text', capital(text)) : null,
      )
      if (hold.isHeld()) waiting.push(item)
      else list.prepend(item)
    },
  }
}
