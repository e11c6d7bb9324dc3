import { createBudget } from './budget.js'
import { connect } from './connection.js'
import { createDetail } from './detail.js'
import { h } from './dom.js'
import { createFigures } from './figures.js'
import { createLanes } from './lanes.js'
import { createLossChart } from './loss-chart.js'
import { createMessageList } from './message-list.js'
import { nowLine } from './now-line.js'
import { readPalette } from './palette.js'
import { renewChildren } from './renew.js'
import { createRowsChart } from './rows-chart.js'
import { apply, createRunState, statusOf } from './run-state.js'
import { createScoreChart } from './score-chart.js'
import { createSealedResult } from './sealed-result.js'
import { createSkillsTable } from './skills-table.js'
import { createStore } from './store.js'
import { createStory } from './story.js'
import { createTabs } from './tabs.js'
import { createThemeSwitch } from './theme-switch.js'
import { createTimeline } from './timeline.js'
import { createTroubles } from './troubles.js'

const byId = (id) => document.getElementById(id)
const address = new URLSearchParams(location.search)
const token = address.get('token') ?? ''
const run = address.get('run')

const store = createStore()
const lanes = createLanes()
const state = createRunState()
const troubles = createTroubles()
let palette = null
/** What to add to this machine's clock to get the gateway's. */
let clockOffsetMs = 0
let selected = null
let fresh = true

const now = () => Date.now() + clockOffsetMs
const going = () => Boolean(state.config) && statusOf(state) === 'running'
const elapsedMs = () => (state.startedAt === null ? 0 : (going() ? now() : state.lastAt) - state.startedAt)
const paint = () => (palette ??= { ...readPalette(), font: getComputedStyle(document.body).fontFamily })

const timeline = createTimeline(byId('timeline'), { store, lanes, now, palette: paint, onSelect: select })
const list = createMessageList(byId('messages'), { store, onSelect: select })
const story = createStory(byId('story'), { state: () => state, onSelect: select })
const detail = createDetail(byId('detail'), {
  store,
  onSelect: select,
  requestContent: (seq) => connection?.send({ type: 'content', seq }),
})
const figures = createFigures(byId('figures'))
const sealed = createSealedResult(byId('sealed'))
const budget = createBudget()
const charts = [createScoreChart(), createLossChart(), createRowsChart(), createSkillsTable()]
byId('charts').append(...charts.map((chart) => chart.element), budget.element)
createTabs(document.querySelector('[role="tablist"]'), () => list.draw())
createThemeSwitch(byId('theme'), () => {
  palette = null
  draw()
})

/** What had the focus when a message was opened; it has it again when the message is closed, if that took it. */
let opener = null
function select(entry) {
  const focused = document.activeElement
  const isInside = byId('detail').contains(focused)
  if (!selected) opener = focused
  selected = entry
  timeline.select(entry)
  list.select(entry)
  detail.select(entry)
  if (isInside) focusFirst(entry ? [byId('detail')] : [opener, list.element, timeline.element])
}

/** Gives the focus to the first of some elements that can have it. */
const focusFirst = (elements) =>
  elements.some((element) => {
    element.focus({ preventScroll: true })
    return document.activeElement === element
  })

function drawClock() {
  figures.draw(state, elapsedMs())
  budget.draw(state, elapsedMs())
  timeline.showNow(...nowLine(state, now(), troubles.list(state, now())))
  timeline.setRunning(going())
  timeline.draw()
}

function draw() {
  drawClock()
  timeline.showNames()
  sealed.draw(state)
  for (const chart of charts) chart.draw(state)
  list.draw()
  byId('message-count').textContent = String(store.entries.length)
}

let drawing = 0
/** Draws with the next frame, and at most five times a second while messages pour in. */
function drawSoon() {
  if (drawing) return
  drawing = setTimeout(
    () =>
      requestAnimationFrame(() => {
        drawing = 0
        draw()
      }),
    fresh ? 30 : 200,
  )
  fresh = false
}

function take(entry) {
  if (!store.add(entry)) return
  timeline.append(entry)
  apply(state, entry)
  story.append(entry, state.startedAt)
  list.append(entry)
  if (entry.name === 'run-finished' || entry.name === 'final-eval-results') fresh = true
  drawSoon()
}

function showRuns(runs) {
  if (!run && runs.length > 0) {
    address.set('run', runs[0].runId)
    location.search = address.toString()
    return
  }
  if (!run)
    return notice(['No run yet. Start one with ', h('code', {}, 'npx syllabus run'), '; it appears here by itself.'])
  const known = runs.some(({ runId }) => runId === run)
  const options = known ? runs : [{ runId: run }, ...runs]
  renewChildren(
    byId('run-choice'),
    options.map(({ runId }) => h('option', { value: runId }, runId)),
  )
  byId('run-choice').value = run
}

function notice(content, bad = false) {
  const element = byId('notice')
  element.hidden = !content
  element.classList.toggle('bad', bad)
  element.replaceChildren(...(content ?? []))
}

const told = {
  connecting: 'connecting',
  replaying: 'catching up',
  live: 'live',
  away: 'gateway away, coming back by itself',
  full: 'as many viewers as the gateway takes; trying again',
  refused: 'refused',
}
function showConnection(how) {
  byId('connection').dataset.state = how
  byId('connection').textContent = told[how]
  if (how === 'refused')
    notice(
      ['The token in the address is not the one of this gateway. Open the address that the command line printed.'],
      true,
    )
  if (how === 'live') detail.retry()
}

function onFrame(frame) {
  if (frame.type === 'entry') take(frame)
  else if (frame.type === 'content') detail.take(frame)
  else if (frame.type === 'runs') showRuns(frame.runs)
  else if (frame.type === 'presence') {
    lanes.setPresence(frame.agents)
    troubles.setPresence(frame.agents)
    drawSoon()
  } else if (frame.type === 'caught-up') {
    clockOffsetMs = Date.parse(frame.at) - Date.now()
    document.body.dataset.caughtUp = String(frame.seq)
    drawSoon()
  }
}

byId('run-choice').addEventListener('change', (event) => {
  address.set('run', event.target.value)
  location.search = address.toString()
})
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && selected) select(null)
})
addEventListener('resize', () => drawSoon())
setInterval(() => going() && drawClock(), 1000)
if (run) document.title = `${run} · Syllabus`

draw()
const connection = connect({ token, run, position: store.last, onFrame, onState: showConnection })
