import { byArm, colourOf, kindOf, kinds, spreadOf } from './arms.js'
import { legend } from './card.js'
import { drawing, h, s } from './dom.js'
import { percent, words } from './format.js'
import { modeOf } from './run-state.js'

const leastWidth = 560
const left = 170
/** Submissions of the search are in the report. */
const drawnKinds = kinds.filter((kind) => kind !== 'attempt')

/** The part of the test that heads the report: held-out phrasings where the task has them. */
const headlineOf = (sheet) => (sheet?.byPart['heldout-phrasing'] ? 'heldout-phrasing' : null)

/** The best that answering without knowing anything scores on a part of the test; null in runs from before it was told. */
function bestTrivial(trivial, part, mode) {
  if (!Array.isArray(trivial)) return null
  const shares = trivial
    .filter(({ evalSet }) => evalSet === 'test')
    .map(({ sheet }) => (part ? sheet.byPart[part] : sheet.overall)?.[mode])
    .filter((tally) => tally?.total)
    .map(({ correct, total }) => correct / total)
  return shares.length > 0 ? Math.max(...shares) : null
}

/** `147 of 148` where an adapter gives one answer to nine in ten items or more, which is right for four in five at most; else null. */
function collapsedSeeds(sheets, names, trivial, mode) {
  if (!Array.isArray(trivial)) return null
  for (const name of names) {
    const { overall, modal = 0 } = sheets[name] ?? {}
    const own = trivial.find(
      ({ evalSet, kind, studentModel }) => evalSet === 'test' && kind === 'reply' && studentModel === name,
    )
    const total = overall?.[mode].total ?? 0
    if (own && modal >= 0.9 * total && own.sheet.overall[mode].correct <= 0.8 * total) return `${modal} of ${total}`
  }
  return null
}

/** A test of one part is that part: its scores are those of the whole. */
function partsOf(sheet) {
  const parts = Object.keys(sheet?.byPart ?? {})
  return parts.length > 1 ? parts : []
}

/** The opened test and the audit: each arm on each part, with one training seed and Wilson's 95 % interval, with several each of them, their mean and range. */
export function createSealedResult(root) {
  let drawn = null
  let width = 0
  let latest = null
  new ResizeObserver(() => latest && draw(latest)).observe(root)

  function draw(state) {
    root.hidden = !state.finalEval
    if (!Array.isArray(state.finalEval?.results)) return
    latest = state
    const room = Math.max(leastWidth, root.clientWidth - 34)
    if (drawn === state.finalEval && room === width) return
    drawn = state.finalEval
    width = room
    const sheets = { test: {}, audit: {}, retention: {} }
    for (const { evalSet, studentModel, sheet } of drawn.results) sheets[evalSet][studentModel.name] = sheet
    const some = Object.values(sheets.test)[0]
    const headline = headlineOf(some)
    const tallyOf = (sheet, part) => (part ? sheet?.byPart[part] : sheet?.overall)?.[modeOf(state)]
    const groups = [
      ['Whole test', 'test', null],
      ...partsOf(some).map((part) => [words(part).replace('Heldout', 'Held-out'), 'test', part]),
      ['Audit', 'audit', null],
      ['Retention', 'retention', null],
    ].filter(([, evalSet]) => Object.keys(sheets[evalSet]).length > 0)
    const arms = byArm(Object.keys(sheets.test))
    const present = drawnKinds.flatMap((kind) => [...arms.keys()].filter((arm) => kindOf(arm) === kind))
    /** An arm's seeds on a part of a paper; null where none sat it. */
    function spread(arm, evalSet, part) {
      const tallies = (arms.get(arm) ?? [])
        .map((name) => tallyOf(sheets[evalSet][name], part))
        .filter((tally) => tally?.total)
      return tallies.length > 0 ? { tallies, ...spreadOf(tallies) } : null
    }
    const seeds = Math.max(...present.map((arm) => arms.get(arm).length))
    const rowHeight = 16 + 13 * present.length
    const highest = Math.max(
      0.2,
      ...groups.flatMap(([, evalSet, part]) => present.map((arm) => spread(arm, evalSet, part)?.high ?? 0)),
      bestTrivial(drawn.trivial, null, modeOf(state)) ?? 0,
    )
    const top = Math.min(1, Math.ceil(highest * 10) / 10)
    const x = (value) => left + (value / top) * (width - left - 30)
    const grid = []
    for (let tick = 0; tick <= top + 1e-9; tick += 0.1) {
      grid.push(
        s('line', { class: 'grid', x1: x(tick), x2: x(tick), y1: 0, y2: groups.length * rowHeight }),
        s(
          'text',
          { x: x(tick), y: groups.length * rowHeight + 16, 'text-anchor': 'middle' },
          `${Math.round(tick * 100)} %`,
        ),
      )
    }
    const trivialLine = (share, top, height) =>
      share !== null &&
      s(
        'g',
        {},
        s('title', {}, `The best answer that needs no student: ${percent(share)}`),
        s('line', { class: 'trivial', x1: x(share), x2: x(share), y1: top + 4, y2: top + height - 4 }),
      )
    const rows = groups.map(([title, evalSet, part], index) => {
      const top = index * rowHeight
      const items = tallyOf(Object.values(sheets[evalSet])[0], part)?.total ?? 0
      const lines = present.map((arm, place) => {
        const found = spread(arm, evalSet, part)
        if (!found) return null
        const { tallies, shares, mean, low, high } = found
        const [y, colour] = [top + 15 + place * 13, colourOf(arm)]
        const told = tallies.map(({ correct, total }) => `${correct} of ${total}`).join(', ')
        return s(
          'g',
          {},
          s('title', {}, `${title}, ${arm}: ${told}, ${percent(mean)} (${percent(low)} to ${percent(high)})`),
          s('line', {
            x1: x(low),
            x2: x(high),
            y1: y,
            y2: y,
            stroke: colour,
            'stroke-width': 5,
            opacity: 0.25,
            'stroke-linecap': 'round',
          }),
          shares.length > 1 &&
            shares.map((share) => s('circle', { class: 'seed', cx: x(share), cy: y, r: 2.5, fill: colour })),
          s('circle', { cx: x(mean), cy: y, r: arm === 'final' ? 5 : 4, fill: colour }),
          arm === 'final' && s('text', { class: 'strong', x: x(high) + 7, y: y + 4 }, percent(mean)),
        )
      })
      return s(
        'g',
        {},
        s('line', { class: 'grid', x1: 0, x2: width, y1: top, y2: top }),
        s('text', { class: part === headline && part ? 'strong' : '', x: 0, y: top + 29 }, title),
        s('text', { x: 0, y: top + 44 }, `${items} items`),
        evalSet === 'test' && trivialLine(bestTrivial(drawn.trivial, part, modeOf(state)), top, rowHeight),
        lines,
      )
    })
    const trivial = bestTrivial(drawn.trivial, headline, modeOf(state))
    const collapsed = collapsedSeeds(sheets.test, arms.get('final') ?? [], drawn.trivial, modeOf(state))
    const [before, after, control] = ['base', 'final', 'control'].map(
      (arm) => spread(arm, 'test', headline)?.mean ?? null,
    )
    const sentence =
      before !== null && after !== null
        ? h(
            'p',
            { className: 'headline' },
            `${headline ? 'Held-out phrasings' : 'The whole test'}: ${percent(before)} before, `,
            h('b', {}, `${percent(after)} after`),
            control === null ? '' : `; uniform control ${percent(control)}`,
            trivial === null ? '' : `; an answer that needs no student ${percent(trivial)}`,
          )
        : null
    const warning =
      collapsed === null
        ? null
        : h(
            'p',
            { className: 'headline' },
            h('b', {}, `The student collapsed: it gives one answer to ${collapsed} items`),
            '.',
          )
    root.replaceChildren(
      h(
        'header',
        {},
        h('h2', { id: 'sealed-title' }, 'The sealed test, opened'),
        h(
          'span',
          { className: 'quiet end' },
          seeds > 1
            ? `opening ${drawn.finalEvalNumber}, ${modeOf(state)}, mean and range of ${seeds} training seeds; the report has the intervals`
            : `opening ${drawn.finalEvalNumber}, ${modeOf(state)}, 95 % intervals over items; the report has the paired comparison`,
        ),
      ),
      ...(warning ? [warning] : []),
      ...(sentence ? [sentence] : []),
      drawing(width, groups.length * rowHeight + 22, 'Scores on the sealed test by part', grid, rows),
      legend(present.map((name) => [`candidate-${kindOf(name)}`, words(name)])),
    )
  }
  return { draw }
}
