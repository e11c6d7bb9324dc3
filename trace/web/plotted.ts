import * as Plot from '@observablehq/plot'

/** A plot that fills its container and speaks its `label`. */
export function plotted(label: string, options: Plot.PlotOptions): SVGSVGElement {
  const style = { fontSize: '11px', fontFamily: 'inherit', background: 'none' }
  const svg = Plot.plot({ style, ...options, figure: false }) as unknown as SVGSVGElement
  // The page's policy would refuse the library's own style sheet; what is wanted of it is in cards.css.
  svg.querySelector('style')?.remove()
  svg.classList.add('drawing')
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label)
  return svg
}
