import { describe, expect, test } from 'vitest'
import { type ReportData, reportHtml, reportMarkdown } from '../../../evidence/report/mod.ts'
import { summaryLine } from '../../../evidence/report/text/summary-line.ts'
import { reportData } from '../../support/report-data.ts'

const data = reportData()
const changed = (change: Partial<ReportData>): string => summaryLine({ ...data, ...change })
const sealed = data.sealed!
const unmeasured = (...how: string[]) => ({
  evidence: { ...data.evidence, unmeasured: how.map((each) => ({ what: 'x', how: each })) },
})

describe('one line', () => {
  test('says how many were right, before, the gain over prompting, what was forgotten, minutes, dollars and what is next', () => {
    const line = summaryLine(data)
    expect(line).toMatch(/^\d+ of \d+ right, before \d+; [+−]?[\d.]+ points over prompting with examples/)
    expect(line).toMatch(/forg[eo]t/)
    expect(line).toMatch(/; \d+ min, (\$[\d.]+|price unknown); next: /)
    const final = data.sealed!.contrasts.arms.find(({ arm }) => arm === 'final')!
    const { value, items } = final.parts[data.sealed!.parts[0]!]![data.task!.primary]
    expect(line.startsWith(`${Math.round(value * items)} of ${items} right`)).toBe(true)
  })

  const { conclusion, budget } = data
  const notShown = { conclusion: { ...conclusion, beatsExamples: { conclusion: 'not-shown', sentence: '' } } } as const
  const opposite = { conclusion: 'opposite', sentence: '' } as const
  const worse = { conclusion: { ...conclusion, beatsExamples: opposite } }
  const worseThanTrivial = { conclusion: { ...conclusion, trivial: opposite } }
  test.each<[string, Partial<ReportData>, RegExp]>([
    ['what is shown to be worse is no open question', worse, /points worse than prompting with examples; /],
    ['more seeds do not mend what is worse', worse, /next: syllabus answers, then more rows or another student\.$/],
    ['an answer without a student is better', worseThanTrivial, /; worse than an answer that needs no student; /],
    ['a gain that is not shown is marked', notShown, /\(not shown\)/],
    ['no final evaluation', { sealed: null }, /^No result yet/],
    ['nothing was paid', { budget: { ...budget, usage: [] } }, /\$0;/],
    ['one training seed', unmeasured('--runs 3', '--seeds 3'), /next: --seeds 3\.$/],
    ['everything was measured', unmeasured(), /^(?!.*next:)/],
    [
      'the forgetting check was left out',
      { sealed: { ...sealed, retention: null } },
      /what it forgot was not measured/,
    ],
  ])('%s', (_, change, expected) => expect(changed(change)).toMatch(expected))

  test.each([
    ['kept', -0.001, 'forgot nothing'],
    ['lost', -0.26, 'forgot 26.0 points'],
    ['inconclusive', -0.03, 'may have forgotten 3.0 points'],
  ] as const)('what was forgotten: %s', (conclusion, value, text) => {
    const changes = [{ arm: 'final' as const, value, interval: null, conclusion }]
    expect(changed({ sealed: { ...sealed, retention: { ...sealed.retention!, changes } } })).toContain(text)
  })
})

test('the report begins with it, and folds every part under a heading', () => {
  const [page, text] = [reportHtml(data), reportMarkdown(data)]
  expect(page.indexOf(summaryLine(data))).toBeLessThan(page.indexOf('<h2>'))
  expect(text.replaceAll(/\\|\n/g, '')).toContain(summaryLine(data))
  expect(page.match(/<h2>/g)!.length).toBeGreaterThan(3)
  expect(page.match(/<h2>/g)).toHaveLength(page.match(/<details class="part"><summary><h2>/g)!.length)
})
