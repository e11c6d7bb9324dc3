import { duration } from './format.js'

export const laneHeight = 30
export const axisHeight = 22
const mostLinks = 2600
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200]

/** The vertical middle of a lane. */
export const laneMiddle = (lane) => lane.index * laneHeight + laneHeight / 2

function drawLanes(context, { lanes, width, palette }) {
  for (const lane of lanes.order()) {
    if (lane.index % 2 === 0) {
      context.fillStyle = palette.sunken
      context.fillRect(0, lane.index * laneHeight, width, laneHeight)
    }
  }
}

function drawTicks(context, { axis, view, width, height, palette, startedAt }) {
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
    context.fillText(duration(time - startedAt), x, height - 6)
  }
}

function drawSpans(context, { spans, view, axis, palette, width }) {
  context.font = `600 11px ${palette.font}`
  context.textAlign = 'left'
  for (const span of spans) {
    const left = view.x(axis.placeOf(span.since))
    const right = Math.max(left + 3, view.x(axis.placeOf(span.time)))
    if (right < 0 || left > width) continue
    const top = laneMiddle(span.lane) - 9
    context.globalAlpha = 0.2
    context.fillStyle = palette.role[span.lane.role]
    context.beginPath()
    context.roundRect(left, top, right - left, 18, 5)
    context.fill()
    context.globalAlpha = 1
    const from = Math.max(left, 0) + 7
    if (context.measureText(span.label).width < Math.min(right, width) - from - 5) {
      context.fillText(span.label, from, top + 13)
    }
  }
}

function link(context, cause, effect) {
  const middle = (cause.x + effect.x) / 2
  context.moveTo(cause.x, cause.y)
  if (cause.y === effect.y) {
    context.quadraticCurveTo(middle, cause.y - Math.min(22, 6 + Math.abs(effect.x - cause.x) / 8), effect.x, effect.y)
  } else context.bezierCurveTo(middle, cause.y, middle, effect.y, effect.x, effect.y)
}

function drawLinks(context, { marks, placeMark, store, palette, chain }) {
  const drawn = marks.length <= mostLinks ? marks : marks.filter((mark) => chain?.has(mark.entry))
  for (const chosen of [false, true]) {
    if (chosen && !chain) continue
    context.beginPath()
    for (const mark of drawn) {
      const cause = mark.entry.name === 'progress' && !chosen ? null : store.causeOf(mark.entry)
      if (!cause || (chosen && !(chain.has(cause) && chain.has(mark.entry)))) continue
      const from = placeMark(cause)
      if (from) link(context, from, mark)
    }
    context.strokeStyle = chosen ? palette.accent : palette.quiet
    context.globalAlpha = chosen ? 0.85 : (chain ? 0.1 : 0.26) * (drawn.length > 900 ? 0.5 : 1)
    context.lineWidth = chosen ? 1.5 : 1
    context.stroke()
  }
  context.globalAlpha = 1
}

function drawMark(context, { x, y, entry }, size) {
  context.beginPath()
  if (entry.name === 'decision' || entry.name === 'run-finished' || entry.name === 'opened') {
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

function drawMarks(context, { marks, palette, chain, selected, hovered }) {
  const size = marks.length > 1500 ? 2.6 : 3.8
  for (const mark of marks) {
    const lit = !chain || chain.has(mark.entry)
    context.globalAlpha = mark.entry.name === 'progress' ? (lit ? 0.5 : 0.15) : lit ? 1 : 0.22
    context.fillStyle = mark.entry.parseError ? palette.bad : palette.role[mark.lane.role]
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
export function drawTimeline(context, scene) {
  context.clearRect(0, 0, scene.width, scene.height)
  drawLanes(context, scene)
  drawTicks(context, scene)
  drawSpans(context, scene)
  drawLinks(context, scene)
  drawMarks(context, scene)
}
