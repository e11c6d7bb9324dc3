import { plural } from '../../schemas/number-text.ts'
import type { ScoreSheet } from '../../schemas/score.ts'
import type { EvalSetName } from '../../schemas/sealed-results.ts'
import type { ScoreMode } from '../../schemas/task.ts'
import { armPlot } from '../plots/arms.ts'
import { byArm, colourOf, shownKindOf, shownKinds, spreadOf } from './arms.ts'
import { legend } from './card.ts'
import { h } from './dom.ts'
import { percentText, words } from './format.ts'
import { plotted } from './plotted.ts'
import { modeOf, type RunState } from './run-state.ts'

type Opened = NonNullable<RunState['finalEval']>
type Sheets = Record<string, ScoreSheet>

const leastWidth = 560
/** Submissions of the search are in the report. */
const drawnKinds = shownKinds.filter((kind) => kind !== 'attempt')

/** The part of the test that heads the report: held-out phrasings where the task has them. */
const headlineOf = (sheet: ScoreSheet | undefined) => (sheet?.byPart['heldout-phrasing'] ? 'heldout-phrasing' : null)

/** The best that answering without knowing anything scores on a part of the test; null in runs from before it was recorded. */
function bestTrivial(trivial: Opened['trivial'], part: string | null, mode: ScoreMode): number | null {
  if (!Array.isArray(trivial)) return null
  const shares = trivial
    .filter(({ evalSet }) => evalSet === 'test')
    .map(({ sheet }) => (part ? sheet.byPart[part] : sheet.overall)?.[mode])
    .flatMap((tally) => (tally?.total ? [tally] : []))
    .map(({ correct, total }) => correct / total)
  return shares.length > 0 ? Math.max(...shares) : null
}

/** `147 of 148` where an adapter gives one answer to nine in ten items or more, which is right for four in five at most; else null. */
function collapsedSeeds(
  sheets: Sheets,
  names: readonly string[],
  trivial: Opened['trivial'],
  mode: ScoreMode,
): string | null {
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
function partsOf(sheet: ScoreSheet | undefined): string[] {
  const parts = Object.keys(sheet?.byPart ?? {})
  return parts.length > 1 ? parts : []
}

/** Test and audit: each arm on each part, one training seed with Wilson's 95 % interval, several with their mean and range. */
export function createSealedResult(root: HTMLElement) {
  let drawn: Opened | null = null
  let width = 0
  let latest: RunState | null = null
  new ResizeObserver(() => latest && draw(latest)).observe(root)

  function draw(state: RunState): void {
    root.hidden = !state.finalEval
    const opened = state.finalEval
    if (!Array.isArray(opened?.results)) return
    latest = state
    const room = Math.max(leastWidth, root.clientWidth - 34)
    if (drawn === opened && room === width) return
    drawn = opened
    width = room
    const sheets: Record<EvalSetName, Sheets> = { test: {}, audit: {}, retention: {} }
    for (const { evalSet, studentModel, sheet } of opened.results) sheets[evalSet][studentModel.name] = sheet
    const some = Object.values(sheets.test)[0]
    const headline = headlineOf(some)
    const tallyOf = (sheet: ScoreSheet | undefined, part: string | null) =>
      (part ? sheet?.byPart[part] : sheet?.overall)?.[modeOf(state)]
    const all: [title: string, evalSet: EvalSetName, part: string | null][] = [
      ['Whole test', 'test', null],
      ...partsOf(some).map((part): (typeof all)[number] => [words(part).replace('Heldout', 'Held-out'), 'test', part]),
      ['Audit', 'audit', null],
      ['Retention', 'retention', null],
    ]
    const groups = all.filter(([, evalSet]) => Object.keys(sheets[evalSet]).length > 0)
    const arms = byArm(Object.keys(sheets.test))
    const present = drawnKinds.flatMap((kind) => [...arms.keys()].filter((arm) => shownKindOf(arm) === kind))
    /** An arm's seeds on a part of an evaluation set; null where none was asked it. */
    function spread(arm: string, evalSet: EvalSetName, part: string | null) {
      const tallies = (arms.get(arm) ?? [])
        .map((name) => tallyOf(sheets[evalSet][name], part))
        .flatMap((tally) => (tally?.total ? [tally] : []))
      return tallies.length > 0 ? { tallies, ...spreadOf(tallies) } : null
    }
    const seeds = Math.max(...present.map((arm) => arms.get(arm)?.length ?? 0))
    const points = groups.flatMap(([panel, evalSet, part]) =>
      present.flatMap((arm) => {
        const found = spread(arm, evalSet, part)
        if (!found) return []
        const { tallies, shares, mean, low, high } = found
        const counts = tallies.map(({ correct, total }) => `${correct} of ${total}`).join(', ')
        const title = `${panel}, ${arm}: ${counts}, ${percentText(mean)} (${percentText(low)} to ${percentText(high)})`
        const figure = arm === 'final' ? percentText(mean) : ''
        const rings = shares.length > 1 ? shares : []
        return [{ name: arm, panel, colour: colourOf(arm), share: mean, low, high, rings, title, figure }]
      }),
    )
    const trivialLines = groups.flatMap(([panel, evalSet, part]) => {
      const share = evalSet === 'test' ? bestTrivial(opened.trivial, part, modeOf(state)) : null
      return share === null ? [] : [{ panel, share }]
    })
    const itemsOf = new Map(
      groups.map(([panel, evalSet, part]) => [panel, tallyOf(Object.values(sheets[evalSet])[0], part)?.total ?? 0]),
    )
    const highest = Math.max(0.2, ...points.map(({ high }) => high), ...trivialLines.map(({ share }) => share))
    const plot = armPlot(points, {
      panels: 'fy',
      ringShift: 0,
      trivial: trivialLines,
      width,
      height: groups.length * (16 + 13 * present.length) + 40,
      marginLeft: 170,
      marginRight: 50,
      x: { domain: [0, 10 * Math.ceil(10 * highest)], ticks: 8 },
      y: { domain: present, axis: null },
      fy: {
        axis: 'left',
        domain: [...itemsOf.keys()],
        label: null,
        tickFormat: (panel) => `${panel}\n${itemsOf.get(panel)} ${plural(itemsOf.get(panel), 'item')}`,
      },
    })
    const trivial = bestTrivial(opened.trivial, headline, modeOf(state))
    const collapsed = collapsedSeeds(sheets.test, arms.get('final') ?? [], opened.trivial, modeOf(state))
    const mean = (arm: string) => spread(arm, 'test', headline)?.mean ?? null
    const [before, after, control] = [mean('base'), mean('final'), mean('control')]
    const sentence =
      before !== null && after !== null
        ? h(
            'p.headline',
            `${headline ? 'Held-out phrasings' : 'The whole test'}: ${percentText(before)} before, `,
            h('b', `${percentText(after)} after`),
            control === null ? '' : `; uniform control ${percentText(control)}`,
            trivial === null ? '' : `; an answer that needs no student ${percentText(trivial)}`,
          )
        : null
    const warning =
      collapsed === null
        ? null
        : h('p.headline', h('b', `The student collapsed: it gives one answer to ${collapsed} items`), '.')
    root.replaceChildren(
      h(
        'header',
        h('h2', { id: 'sealed-title' }, 'The final evaluation on the sealed test'),
        h(
          'span.quiet.end',
          seeds > 1
            ? `final evaluation ${opened.finalEvalNumber}, ${modeOf(state)}, mean and range of ${seeds} training seeds; the report has the intervals`
            : `final evaluation ${opened.finalEvalNumber}, ${modeOf(state)}, 95 % intervals over items; the report has the paired comparison`,
        ),
      ),
      ...(warning ? [warning] : []),
      ...(sentence ? [sentence] : []),
      plotted('Scores on the sealed test by part', plot),
      legend(present.map((name) => [colourOf(name), words(name)])),
    )
  }
  return { draw }
}
