import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { type Markup, trusted } from '../document/markup.ts'

/** Draws a plot as inline SVG, without a browser. `label` describes what is seen. Text in it is escaped by the serialiser. */
export function draw(label: string, options: Plot.PlotOptions): Markup {
  const { document } = parseHTML('<!doctype html><html><body></body></html>')
  const svg = Plot.plot({
    style: { fontSize: '12px', fontFamily: 'inherit', background: 'none' },
    ...options,
    figure: false,
    document: document as unknown as Document,
  })
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label)
  return trusted(svg.outerHTML)
}

/** The colour of the index-th series; defined by the page's style sheet for light and dark. */
export const seriesColour = (index: number): string => `var(--series-${(index % 8) + 1})`

/** The colour of a student model or an arm; attempts share one, and so do the baselines. */
export function modelColour(name: string): string {
  if (/^final(-s\d+)?$/.test(name)) return 'var(--final)'
  if (/^(control|one-shot|random|reference.*?)(-s\d+)?$/.test(name)) return 'var(--control)'
  return name.startsWith('base') ? 'var(--base)' : 'var(--attempt)'
}
