import type { EntryFrame, ServerFrame } from '../frames.ts'
import type { AgentTrouble } from '../troubles.ts'
import { createAnswersCard } from './answers-card.ts'
import { createBudget } from './budget.ts'
import { createCompareCard } from './compare-card.ts'
import { type ConnectionState, connect } from './connection.ts'
import { createDetail } from './detail.ts'
import { type Child, h, nodesOf, s } from './dom.ts'
import { createFigures } from './figures.ts'
import { createLabelsCard } from './labels-card.ts'
import { createLanes } from './lanes.ts'
import { createLossChart } from './loss-chart.ts'
import { createMessageList } from './message-list.ts'
import { nowLine } from './now-line.ts'
import { type Palette, readPalette } from './palette.ts'
import { placeIn, showPlace } from './place.ts'
import { createReading } from './reading.ts'
import { renewChildren } from './renew.ts'
import { createRowsCard } from './rows-card.ts'
import { createRowsChart } from './rows-chart.ts'
import { apply, createRunState, statusOf } from './run-state.ts'
import { createScoreChart } from './score-chart.ts'
import { createSealedResult } from './sealed-result.ts'
import { createSkillsTable } from './skills-table.ts'
import { createStore, type Entry } from './store.ts'
import { createSummaryList } from './summary-list.ts'
import { createTimeline } from './timeline.ts'
import { createTryCard } from './try-card.ts'

const key = 'syllabus-theme'
const dark = () => matchMedia('(prefers-color-scheme: dark)')

const icon = () =>
  s(
    'svg',
    { viewBox: '0 0 20 20', width: 17, height: 17, 'aria-hidden': 'true' },
    s('circle', { cx: 10, cy: 10, r: 7, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.6 }),
    s('path', { d: 'M10 3a7 7 0 0 1 0 14z', fill: 'currentColor' }),
  )

/** Light or dark: the system's choice until the button is pressed, then the reader's. `onChange` is called at both. */
function createThemeSwitch(button: HTMLElement, onChange: () => void): void {
  const root = document.documentElement
  const saved = localStorage.getItem(key)
  if (saved === 'light' || saved === 'dark') root.dataset.theme = saved
  button.append(icon())
  button.addEventListener('click', () => {
    const now = root.dataset.theme ?? (dark().matches ? 'dark' : 'light')
    root.dataset.theme = now === 'dark' ? 'light' : 'dark'
    localStorage.setItem(key, root.dataset.theme)
    onChange()
  })
  dark().addEventListener('change', onChange)
}

/** Makes a tab list work with mouse and keyboard; `onShow` is called when another pane is shown. */
function createTabs(list: HTMLElement, onShow: () => void): void {
  const tabs = [...list.querySelectorAll<HTMLElement>('[role="tab"]')]
  const pane = (tab: HTMLElement) => document.getElementById(tab.getAttribute('aria-controls')!)!

  function show(chosen: HTMLElement, focus = false): void {
    for (const tab of tabs) {
      const is = tab === chosen
      tab.setAttribute('aria-selected', String(is))
      tab.tabIndex = is ? 0 : -1
      pane(tab).hidden = !is
    }
    if (focus) chosen.focus()
    onShow()
  }
  for (const tab of tabs) tab.addEventListener('click', () => show(tab))
  list.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key as string]
    if (by) show(tabs[(tabs.indexOf(document.activeElement as HTMLElement) + by + tabs.length) % tabs.length]!, true)
  })
}

const byId = (id: string) => document.getElementById(id)!
const runChoice = byId('run-choice') as HTMLSelectElement
const address = new URLSearchParams(location.search)
const token = address.get('token') ?? ''
const run = address.get('run')

const store = createStore()
const lanes = createLanes()
const state = createRunState()
let troubles: readonly AgentTrouble[] = []
let palette: Palette | null = null
/** What to add to this machine's clock to get the gateway's. */
let clockOffsetMs = 0
let selected: Entry | null = null
let fresh = true

const now = () => Date.now() + clockOffsetMs
const going = () => Boolean(state.config) && statusOf(state) === 'running'
const elapsedMs = () => (state.startedAt === null ? 0 : (going() ? now() : state.lastAt!) - state.startedAt)
const paint = () => (palette ??= { ...readPalette(), font: getComputedStyle(document.body).fontFamily })

const timeline = createTimeline(byId('timeline'), { store, lanes, now, palette: paint, onSelect: select })
const list = createMessageList(byId('messages'), { store, onSelect: select })
const summary = createSummaryList(byId('summary'), { onSelect: select })
const detail = createDetail(byId('detail'), {
  store,
  onSelect: select,
  requestContent: (seq) => connection?.send({ type: 'content', seq }),
})
const figures = createFigures(byId('figures'))
const sealed = createSealedResult(byId('sealed'))
const budget = createBudget()
const charts = [createScoreChart(), createLossChart(), createRowsChart(), createSkillsTable()]
const tryCard = createTryCard({ token, run, onOffered: () => drawSoon() })
const reading = createReading({ token, run, onOffered: () => goToPlace() })
const rowsCard = createRowsCard(reading)
const tables = [createLabelsCard(reading), createAnswersCard(reading), rowsCard]
const compared = createCompareCard({
  token,
  run,
  other: address.get('with'),
  onChoose: compareWith,
  onChange: drawSoon,
})
const cards = [...charts, budget, compared, tryCard, ...tables]
byId('charts').append(...cards.map((card) => card.element))
createTabs(document.querySelector<HTMLElement>('[role="tablist"]')!, () => list.draw())
createThemeSwitch(byId('theme'), () => {
  palette = null
  draw()
})

/** What had the focus when a message was opened; it has it again when the message is closed, if that took it. */
let opener: Element | null = null
function select(entry: Entry | null): void {
  const focused = document.activeElement
  const isInside = byId('detail').contains(focused)
  if (!selected) opener = focused
  selected = entry
  timeline.select(entry)
  list.select(entry)
  detail.select(entry)
  showPlace(entry && { kind: 'message', seq: entry.seq })
  if (isInside) focusFirst(entry ? [byId('detail')] : [opener, list.element, timeline.element])
}

/** What the address names and is not shown yet: it may come with a message that is on its way. */
let place = placeIn(location.hash)

function goToPlace(): void {
  drawSoon()
  if (!place) return
  if (place.kind === 'row') {
    if (!reading.isOffered()) return
    rowsCard.openRow(place.id)
    place = null
    return
  }
  const wanted = place
  const entry =
    wanted.kind === 'message'
      ? store.bySeq(wanted.seq)
      : store.entries.findLast(({ name, payload }) => name === 'decision' && attemptIn(payload) === wanted.number)
  if (!entry) return
  place = null
  if (wanted.kind === 'message') byId('tab-messages').click()
  select(entry)
  showPlace(wanted)
}

const attemptIn = (payload: unknown) => (payload as { attempt?: number } | null)?.attempt

function compareWith(runId: string | null): void {
  if (runId) address.set('with', runId)
  else address.delete('with')
  location.search = address.toString()
}

/** Gives the focus to the first of some elements that can have it. */
const focusFirst = (elements: readonly (Element | null)[]) =>
  elements.some((element) => {
    if (element instanceof HTMLElement) element.focus({ preventScroll: true })
    return document.activeElement === element
  })

function drawClock() {
  figures.draw(state, elapsedMs())
  budget.draw(state, elapsedMs())
  timeline.showNow(...nowLine(state, now(), troubles, reading.reportAddress()))
  timeline.setRunning(going())
  timeline.draw()
}

function draw() {
  drawClock()
  timeline.showNames()
  sealed.draw(state)
  tryCard.draw(state)
  for (const each of [...charts, compared, ...tables]) each.draw(state)
  list.draw()
  byId('message-count').textContent = String(store.entries.length)
}

let drawing: ReturnType<typeof setTimeout> | null = null
/** Draws with the next frame, and at most five times a second while messages pour in. */
function drawSoon() {
  if (drawing) return
  drawing = setTimeout(
    () =>
      requestAnimationFrame(() => {
        drawing = null
        draw()
      }),
    fresh ? 30 : 200,
  )
  fresh = false
}

function take(frame: EntryFrame): void {
  if (!store.add(frame)) return
  const entry = store.entries.at(-1)!
  timeline.append(entry)
  apply(state, entry)
  summary.append(entry, state.startedAt ?? entry.time)
  list.append(entry)
  if (entry.name === 'run-finished' || entry.name === 'final-eval-results') fresh = true
  drawSoon()
}

function showRuns(runs: readonly { runId: string }[]): void {
  const [newest] = runs
  if (!run && newest) {
    address.set('run', newest.runId)
    location.search = address.toString()
    return
  }
  if (!run) {
    notice(['No run yet. Start one with ', h('code', 'npx syllabus run'), '; it appears here by itself.'])
    return
  }
  const known = runs.some(({ runId }) => runId === run)
  const options = known ? runs : [{ runId: run }, ...runs]
  renewChildren(
    runChoice,
    options.map(({ runId }) => h('option', { value: runId }, runId)),
  )
  runChoice.value = run
  compared.showRuns(runs)
}

function notice(content: readonly Child[], bad = false): void {
  const element = byId('notice')
  element.hidden = false
  element.classList.toggle('bad', bad)
  element.replaceChildren(...nodesOf(content))
}

const connectionText: Record<ConnectionState, string> = {
  connecting: 'connecting',
  replaying: 'catching up',
  live: 'live',
  away: 'gateway away, coming back by itself; after the end: npx syllabus watch',
  full: 'as many viewers as the gateway takes; trying again',
  refused: 'refused',
}
function showConnection(how: ConnectionState): void {
  byId('connection').dataset.state = how
  byId('connection').textContent = connectionText[how]
  if (how === 'refused')
    notice(
      ['The token in the address is not the one of this gateway. Open the address that the command line printed.'],
      true,
    )
  if (how === 'live') detail.retry()
}

function onFrame(frame: ServerFrame): void {
  if (frame.type === 'entry') take(frame)
  else if (frame.type === 'content') detail.take(frame)
  else if (frame.type === 'runs') showRuns(frame.runs)
  else if (frame.type === 'presence') {
    lanes.setPresence(frame.agents)
    drawSoon()
  } else if (frame.type === 'troubles') {
    troubles = frame.troubles
    drawSoon()
  } else if (frame.type === 'caught-up') {
    clockOffsetMs = Date.parse(frame.at) - Date.now()
    document.body.dataset.caughtUp = String(frame.seq)
    goToPlace()
  }
}

runChoice.addEventListener('change', () => {
  // A place of one run is none of another.
  showPlace(null)
  address.set('run', runChoice.value)
  location.search = address.toString()
})
document.addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea, select')
  if (event.key === 'Escape' && selected && !isTyping) select(null)
  if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
  event.preventDefault()
  byId('tab-messages').click()
  list.focusSearch()
})
addEventListener('hashchange', () => {
  place = placeIn(location.hash)
  goToPlace()
})
addEventListener('resize', () => drawSoon())
setInterval(() => going() && drawClock(), 1000)
if (run) document.title = `${run} · Syllabus`

draw()
const connection = connect({ token, run, position: store.last, onFrame, onState: showConnection })
