import type { Axis } from './axis.ts'
import { clockDuration } from './format.ts'
import type { Lane, Lanes } from './lanes.ts'
import type { Palette } from './palette.ts'
import type { WorkBar } from './spans.ts'
import type { Entry, EntryStore } from './store.ts'
import type { View } from './timeline-view.ts'

/** A message where it is drawn. */
export type Mark = { entry: Entry; lane: Lane; x: number; y: number }

/** All that is drawn. */
export type Scene = {
  axis: Axis
  view: View
  width: number
  height: number
  lanes: Lanes
  marks: readonly Mark[]
  placeMark: (entry: Entry) => Mark | undefined
  store: EntryStore
  /** The messages that go with the one in focus; null: none is. */
  chain: ReadonlySet<Entry> | null
  focus: Entry | null
  selected: Entry | null
  hovered: Entry | null
  startedAt: number
  spans: readonly WorkBar[]
  palette: Palette
}
type Context = CanvasRenderingContext2D

export const laneHeight = 30
export const axisHeight = 22
const mostLinks = 2600
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200]

/** The vertical middle of a lane. */
export const laneMiddle = (lane: Lane) => lane.index * laneHeight + laneHeight / 2

function drawLanes(context: Context, { lanes, width, palette }: Scene) {
  for (const lane of lanes.order()) {
    if (lane.index % 2 === 0) {
      context.fillStyle = palette.sunken
      context.fillRect(0, lane.index * laneHeight, width, laneHeight)
    }
  }
}

function drawTicks(context: Context, { axis, view, width, height, palette, startedAt }: Scene) {
  const from = axis.timeAt(view.from)
  const to = axis.timeAt(view.to)
  const wanted = Math.max(2, width / 95)
  const stepMs = (steps.find((seconds) => (to - from) / 1000 / seconds <= wanted) ?? 86_400) * 1000
  context.font = `11px ${palette.font}`
  context.textAlign = 'center'
  let lastX = -Infinity
  for (let time = startedAt + Math.ceil((from - startedAt) / stepMs) * stepMs; time <= to; time += stepMs) {
    const x = view.x(axis.placeOf(time))
    if (x - lastX < 46 || x < 14 || x > width - 14) continue
    lastX = x
    context.fillStyle = palette.line
    context.fillRect(Math.round(x), 0, 1, height - axisHeight)
    context.fillStyle = palette.quiet
    context.fillText(clockDuration(time - startedAt), x, height - 6)
  }
}

/** Left and right edge of a bar, or null where it is out of sight. */
function edges(span: WorkBar, { view, axis, width }: Scene): [left: number, right: number] | null {
  const left = view.x(axis.placeOf(span.since))
  const right = Math.max(left + 3, view.x(axis.placeOf(span.time)))
  return right < 0 || left > width ? null : [left, right]
}

function drawSpans(context: Context, scene: Scene) {
  context.globalAlpha = 0.2
  for (const span of scene.spans) {
    const edge = edges(span, scene)
    if (!edge) continue
    const [left, right] = edge
    context.fillStyle = scene.palette.role[span.lane.role]!
    context.beginPath()
    context.roundRect(left, laneMiddle(span.lane) - 9, right - left, 18, 5)
    context.fill()
  }
  context.globalAlpha = 1
}

function drawSpanLabels(context: Context, scene: Scene) {
  const { palette, width } = scene
  context.font = `600 11px ${palette.font}`
  context.textAlign = 'left'
  context.lineWidth = 3
  context.lineJoin = 'round'
  context.strokeStyle = palette.card
  for (const span of scene.spans) {
    const edge = edges(span, scene)
    if (!edge) continue
    const [left, right] = edge
    const from = Math.max(left, 0) + 7
    if (context.measureText(span.label).width > Math.min(right, width) - from - 6) continue
    context.fillStyle = palette.role[span.lane.role]!
    context.globalAlpha = 0.55
    context.strokeText(span.label, from, laneMiddle(span.lane) + 4)
    context.globalAlpha = 1
    context.fillText(span.label, from, laneMiddle(span.lane) + 4)
  }
}

function link(context: Context, cause: Mark, effect: Mark) {
  const middle = (cause.x + effect.x) / 2
  context.moveTo(cause.x, cause.y)
  if (cause.y === effect.y) {
    context.quadraticCurveTo(middle, cause.y - Math.min(22, 6 + Math.abs(effect.x - cause.x) / 8), effect.x, effect.y)
  } else context.bezierCurveTo(middle, cause.y, middle, effect.y, effect.x, effect.y)
}

/** All links faintly, then what follows from the message in focus, then what led to it. Progress is linked only in focus. */
function drawLinks(context: Context, { marks, placeMark, store, palette, chain, focus }: Scene) {
  const drawn = marks.length <= mostLinks ? marks : marks.filter((mark) => chain?.has(mark.entry))
  const causes = new Set(focus ? [focus, ...store.ancestors(focus)] : [])
  const faint = (chain ? 0.1 : 0.26) * (drawn.length > 900 ? 0.5 : 1)
  type Pass = { wanted: (entry: Entry, cause: Entry) => unknown; colour: string; alpha: number; width: number }
  const passes: Pass[] = [
    { wanted: (entry) => entry.name !== 'progress', colour: palette.quiet, alpha: faint, width: 1 },
    {
      wanted: (entry, cause) =>
        entry.name !== 'progress' && chain?.has(cause) && chain.has(entry) && !causes.has(entry),
      colour: palette.accent,
      alpha: 0.38,
      width: 1.1,
    },
    { wanted: (entry) => causes.has(entry), colour: palette.accent, alpha: 0.95, width: 2 },
  ]
  for (const { wanted, colour, alpha, width } of focus ? passes : passes.slice(0, 1)) {
    context.beginPath()
    for (const mark of drawn) {
      const cause = store.causeOf(mark.entry)
      const from = cause && wanted(mark.entry, cause) ? placeMark(cause) : null
      if (from) link(context, from, mark)
    }
    context.strokeStyle = colour
    context.globalAlpha = alpha
    context.lineWidth = width
    context.stroke()
  }
  context.globalAlpha = 1
}

function drawMark(context: Context, { x, y, entry }: Mark, size: number) {
  context.beginPath()
  if (entry.name === 'decision' || entry.name === 'run-finished' || entry.name === 'final-eval-results') {
    const half = size + 1.6
    context.moveTo(x, y - half)
    context.lineTo(x + half, y)
    context.lineTo(x, y + half)
    context.lineTo(x - half, y)
    context.closePath()
  } else if (entry.name === 'progress') context.rect(x - 0.6, y + 5, 1.2, 4)
  else context.arc(x, y, size, 0, 2 * Math.PI)
  context.fill()
}

function drawMarks(context: Context, { marks, palette, chain, selected, hovered }: Scene) {
  const size = marks.length > 1500 ? 2.6 : 3.8
  for (const mark of marks) {
    const lit = !chain || chain.has(mark.entry)
    context.globalAlpha = mark.entry.name === 'progress' ? (lit ? 0.5 : 0.15) : lit ? 1 : 0.22
    context.fillStyle = mark.entry.parseError ? palette.bad : palette.role[mark.lane.role]!
    drawMark(context, mark, size)
    if (mark.entry.name !== 'progress' && marks.length <= 1500) {
      context.globalAlpha = lit ? 1 : 0.3
      context.strokeStyle = palette.card
      context.lineWidth = 1.2
      context.stroke()
    }
  }
  context.globalAlpha = 1
  for (const mark of marks) {
    if (mark.entry !== selected && mark.entry !== hovered) continue
    context.beginPath()
    context.arc(mark.x, mark.y, 8, 0, 2 * Math.PI)
    context.strokeStyle = mark.entry === selected ? palette.accent : palette.quiet
    context.lineWidth = 2
    context.stroke()
  }
}

/** Draws the whole timeline: lanes, time, work in progress, causation, messages. */
export function drawTimeline(context: Context, scene: Scene) {
  context.clearRect(0, 0, scene.width, scene.height)
  drawLanes(context, scene)
  drawTicks(context, scene)
  drawSpans(context, scene)
  drawLinks(context, scene)
  drawMarks(context, scene)
  drawSpanLabels(context, scene)
}
