import { plural } from '../../schemas/number-text.ts'
import type { Elided } from '../summary.ts'
import { h } from './dom.ts'

const openDepth = 2
const mostItems = 200

function leaf(value: unknown) {
  if (typeof value === 'string') return h('span.text', JSON.stringify(value))
  return h('span', { className: typeof value === 'number' ? 'number' : 'dim' }, String(value))
}

function keyed(key: string | number | null) {
  return key === null ? '' : [h('span.key', String(key)), h('span.dim', ': ')]
}

function sizeText(value: object) {
  const n = Array.isArray(value) ? value.length : Object.keys(value).length
  return Array.isArray(value) ? `[${n}]` : `{${n}}`
}

/** A JSON value as nested lists; a level is made when it is opened. */
export function jsonTree(value: unknown, key: string | number | null = null, depth = 0): HTMLElement {
  if (value === null || typeof value !== 'object') return h('div.leaf', ...keyed(key), leaf(value))
  const children = Object.entries(value)
  if (children.length === 0) return h('div.leaf', ...keyed(key), h('span.dim', Array.isArray(value) ? '[]' : '{}'))
  if (Object.hasOwn(value, '$elided'))
    return h(
      'div.leaf',
      ...keyed(key),
      h('span.dim', `[${(value as Elided).$elided} ${plural((value as Elided).$elided, 'item')}, loading]`),
    )
  const details = h('details', h('summary', ...keyed(key), h('span.dim', sizeText(value))))
  let filled = false
  const fill = () => {
    if (filled) return
    filled = true
    details.append(
      ...children
        .slice(0, mostItems)
        .map(([name, child]) => jsonTree(child, Array.isArray(value) ? Number(name) : name, depth + 1)),
    )
    if (children.length > mostItems)
      details.append(h('div.leaf.dim', `${children.length - mostItems} more: copy to see all`))
  }
  const small = children.length <= 12 && depth < openDepth + 1
  if (depth < openDepth && (small || depth === 0)) {
    fill()
    details.open = true
  } else details.addEventListener('toggle', fill, { once: true })
  return details
}
