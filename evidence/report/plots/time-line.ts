import * as Plot from '@observablehq/plot'
import type { Markup } from '../document/markup.ts'
import type { Phase, Span } from '../report-data.ts'
import { duration } from '../text/format.ts'
import { draw } from './draw.ts'

const lanes = ['generator', 'critic', 'trainer-bridge', 'evaluator']

/** A phase's colour and name. */
export const phaseLooks: Readonly<Record<Phase, { colour: string; name: string }>> = {
  generate: { colour: 'var(--series-1)', name: 'Making and admitting rows' },
  train: { colour: 'var(--series-2)', name: 'Training' },
  answer: { colour: 'var(--series-3)', name: 'Answering validation questions' },
  score: { colour: 'var(--series-4)', name: 'Scoring' },
  sealed: { colour: 'var(--series-5)', name: 'Sealed test and audit' },
  other: { colour: 'var(--faint)', name: 'Planning, waiting, standing still' },
}

/** Who worked on what, when; null where nothing was worked on. */
export function timeLine(spans: readonly Span[], wallSeconds: number): Markup | null {
  if (spans.length === 0 || wallSeconds <= 0) return null
  const long = wallSeconds > 7200
  const unit = long ? 3600 : 60
  // A span of a second would be thinner than a pixel: it is drawn a little wider than it is.
  const least = wallSeconds / 400
  const bars = spans.map(({ lane, label, phase, from, to }) => ({
    lane,
    from: from / unit,
    to: Math.max(to, from + least) / unit,
    colour: phaseLooks[phase].colour,
    title: `${phaseLooks[phase].name}, ${label}: ${duration(to - from)}`,
  }))
  return draw('Time line of the agents by phase', {
    width: 960,
    height: 200,
    marginLeft: 104,
    marginRight: 20,
    marginBottom: 42,
    x: { domain: [0, wallSeconds / unit], label: long ? 'hours' : 'minutes', grid: true, tickSize: 0, labelOffset: 36 },
    y: { domain: lanes, label: null, tickSize: 0, padding: 0.3 },
    marks: [
      Plot.barX(bars, { y: 'lane', x1: 'from', x2: 'to', fill: 'colour', title: 'title', insetRight: 0.5, rx: 1.5 }),
    ],
  })
}
