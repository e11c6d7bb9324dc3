// The library of the plots that the page shares with the report: its bundle for browsers, which leaves its names on the global object.
import '/vendor/d3.js'
import '/vendor/plot.js'

export const { barX, dot, lineY, plot, ruleX, ruleY, text } = globalThis.Plot
