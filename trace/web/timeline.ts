import { createAxis } from './axis.ts'
import { type Child, h } from './dom.ts'
import { brief, clockDuration } from './format.ts'
import type { Lanes } from './lanes.ts'
import type { Palette } from './palette.ts'
import { renewChildren } from './renew.ts'
import { createSpans } from './spans.ts'
import type { Entry, EntryStore } from './store.ts'
import { axisHeight, drawTimeline, laneHeight, laneMiddle, type Mark } from './timeline-draw.ts'
import { createView } from './timeline-view.ts'

const reach = 10

type Options = {
  store: EntryStore
  lanes: Lanes
  palette: () => Palette
  now: () => number
  onSelect: (entry: Entry | null) => void
}
/** A press of a pointer, and the message under it. */
type Press = { x: number; moved: boolean; entry: Entry | null }

/** The timeline: a lane an agent, a mark a message, a line a cause. `onSelect` is given the message that was chosen. */
export function createTimeline(root: HTMLElement, { store, lanes, palette, now, onSelect }: Options) {
  const axis = createAxis()
  const view = createView(axis)
  const spans = createSpans()
  let hovered: Entry | null = null
  let selected: Entry | null = null
  let chain: ReadonlySet<Entry> | null = null
  let marks: Mark[] = []
  let running = false
  /** The press of a pointer that goes on. */
  let drag: Press | null = null

  const canvas = h('canvas', {
    tabIndex: 0,
    role: 'application',
    'aria-label':
      'Messages over time. Arrow keys left and right choose a message, up goes to its cause, down to its effect, plus and minus zoom, 0 shows all.',
  })
  const context = canvas.getContext('2d')!
  const names = h('ul.names', { 'aria-label': 'Agents' })
  const tip = h('div.tip', { hidden: true })
  const nowLine = h('p.now', { id: 'now' })
  const tool = (label: string, title: string, onclick: () => void) =>
    h('button', { type: 'button', title, 'aria-label': title, onclick }, label)
  const flow = tool('Flow', 'Give every message room', () => setMode('flow'))
  const clock = tool('Clock', 'True to time', () => setMode('clock'))
  const all = tool('All', 'Show the whole run and follow it', () => redrawAfter(() => view.fit()))
  const tools = h(
    'div.tools',
    flow,
    clock,
    tool('−', 'Zoom out', () => redrawAfter(() => view.zoom(1.6))),
    tool('+', 'Zoom in', () => redrawAfter(() => view.zoom(1 / 1.6))),
    all,
  )
  root.append(
    h(
      'header',
      h('h2', { id: 'timeline-title' }, 'Messages'),
      h('span.quiet', 'a lane an agent, a line from cause to effect'),
      tools,
    ),
    nowLine,
    h('div.plot', names, canvas, tip),
  )

  function setMode(mode: typeof axis.mode) {
    redrawAfter(() => {
      axis.mode = mode
      view.fit()
    })
    showMode()
  }
  function showMode() {
    flow.setAttribute('aria-pressed', String(axis.mode === 'flow'))
    clock.setAttribute('aria-pressed', String(axis.mode === 'clock'))
  }
  function redrawAfter(change: () => void) {
    change()
    draw()
  }

  function placeMark(entry: Entry): Mark | undefined {
    const lane = lanes.laneOf(entry)
    return lane && { entry, lane, x: view.x(axis.at(entry.index)), y: laneMiddle(lane) }
  }

  function draw() {
    const width = canvas.clientWidth
    const height = lanes.order().length * laneHeight + axisHeight
    const ratio = devicePixelRatio || 1
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio)
      canvas.height = Math.round(height * ratio)
      canvas.style.height = `${height}px`
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    view.resize(width)
    // What is pointed at stays where it is, for a click to meet it.
    if (!hovered && !drag) view.keepUp(running ? axis.placeOf(now()) : axis.end())
    const first = axis.indexAt(view.from)
    const last = axis.indexAt(view.to)
    marks = store.entries
      .slice(first, last + 1)
      .map(placeMark)
      .filter((mark) => mark !== undefined)
    const startedAt = store.entries[0]?.time ?? now()
    drawTimeline(context, {
      axis,
      view,
      width,
      height,
      lanes,
      marks,
      placeMark,
      store,
      chain,
      focus: hovered ?? selected,
      selected,
      hovered,
      startedAt,
      spans: spans.all(),
      palette: palette(),
    })
    all.setAttribute('aria-pressed', String(view.whole))
  }

  function markAt(x: number, y: number): Mark | null {
    let best: Mark | null = null
    let bestDistance: number = reach
    for (const mark of marks) {
      const distance = Math.hypot(mark.x - x, (mark.y - y) * 0.7) + (mark.entry.name === 'progress' ? 3 : 0)
      if (distance < bestDistance) [best, bestDistance] = [mark, distance]
    }
    return best
  }

  function hover(mark: Mark | null) {
    if (hovered === (mark?.entry ?? null)) return
    hovered = mark?.entry ?? null
    chain = hovered ? store.chain(hovered) : selected ? store.chain(selected) : null
    tip.hidden = !mark
    canvas.style.cursor = mark ? 'pointer' : 'crosshair'
    if (mark) {
      const { entry } = mark
      const to = entry.to ? ` → ${entry.to.role}` : ''
      tip.replaceChildren(
        h('b', entry.name),
        ` ${brief(entry.description)}`,
        h('br'),
        h('span.quiet', `${entry.from.instance}${to} at ${clockDuration(entry.time - store.entries[0]!.time)}`),
      )
      const left = canvas.offsetLeft + mark.x
      tip.style.left = `${Math.max(0, Math.min(left + 12, root.clientWidth - tip.offsetWidth - 30))}px`
      tip.style.top = `${mark.y + 14}px`
    }
    draw()
  }

  canvas.addEventListener('pointerdown', (event) => {
    drag = { x: event.clientX, moved: false, entry: markAt(event.offsetX, event.offsetY)?.entry ?? null }
  })
  // After the click that this may be.
  for (const name of ['pointerup', 'pointercancel']) addEventListener(name, () => setTimeout(() => (drag = null)))
  canvas.addEventListener('pointermove', (event) => {
    if (drag && event.buttons & 1) {
      const distance = event.clientX - drag.x
      if (drag.moved || Math.abs(distance) > 4) {
        drag = { x: event.clientX, moved: true, entry: null }
        redrawAfter(() => view.pan(-distance))
        return
      }
    }
    hover(markAt(event.offsetX, event.offsetY))
  })
  canvas.addEventListener('pointerleave', () => hover(null))
  // What was under the pointer when it was pressed is meant.
  canvas.addEventListener('click', () => !drag?.moved && onSelect(drag?.entry ?? null))
  canvas.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.metaKey && Math.abs(event.deltaX) <= Math.abs(event.deltaY)) return
      event.preventDefault()
      redrawAfter(() =>
        event.ctrlKey || event.metaKey
          ? view.zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, event.offsetX)
          : view.pan(event.deltaX),
      )
    },
    { passive: false },
  )
  const keys: Readonly<Record<string, () => unknown>> = {
    ArrowLeft: () => onSelect(store.entries[(selected?.index ?? store.entries.length) - 1] ?? selected),
    ArrowRight: () => onSelect(store.entries[(selected?.index ?? -1) + 1] ?? selected),
    ArrowUp: () => selected && onSelect(store.causeOf(selected) ?? selected),
    ArrowDown: () => selected && onSelect(store.effectsOf(selected)[0] ?? selected),
    '+': () => redrawAfter(() => view.zoom(1 / 1.6)),
    '-': () => redrawAfter(() => view.zoom(1.6)),
    0: () => redrawAfter(() => view.fit()),
    Escape: () => onSelect(null),
  }
  canvas.addEventListener('keydown', (event) => {
    const act = keys[event.key]
    if (!act || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    act()
  })
  new ResizeObserver(() => draw()).observe(canvas)
  showMode()

  return {
    element: canvas,
    draw,
    append(entry: Entry): void {
      axis.append(entry)
      lanes.add(entry.from.role, entry.from.instance)
      if (entry.name !== 'progress' || entry.parseError) return
      const lane = lanes.laneOf(entry)
      if (lane) spans.append(entry, lane, store.causeOf(entry))
    },
    /** Shows the lanes' names; call when an agent came or went. */
    showNames: () => renewChildren(names, lanes.names()),
    showNow: (...parts: Child[]) => renewChildren(nowLine, parts),
    setRunning(is: boolean): void {
      running = is
    },
    select(entry: Entry | null): void {
      selected = entry
      chain = entry ? store.chain(entry) : null
      if (entry) view.reveal(axis.at(entry.index))
      draw()
    },
  }
}
