import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { type Markup, trusted } from '../html/markup.ts'

/** Draws a plot as inline SVG, without a browser. `label` says in words what is seen. Text in it is escaped by the serialiser. */
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
export function seriesColour(index: number): string {
  return `var(--series-${(index % 8) + 1})`
}

/** A candidate's colour; attempts share one. */
export function candidateColour(name: string): string {
  if (name === 'final') return 'var(--final)'
  if (name === 'control') return 'var(--control)'
  return name.startsWith('base') ? 'var(--base)' : 'var(--attempt)'
}
