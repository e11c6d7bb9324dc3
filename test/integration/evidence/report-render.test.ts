import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import {
  analyse,
  collect,
  defaultResampling,
  ReportData,
  reportHtml,
  reportMarkdown,
} from '../../../evidence/report/mod.ts'
import type { PublicTask } from '../../../schemas/task.ts'
import { reportData } from '../../support/report-data.ts'
import { runLog } from '../../support/run-log.ts'
import { datasetRows, publicTask } from '../../support/run-log-data.ts'

const data = reportData()
const attack = `"'><script>alert(1)</script><img src=x onerror=alert(2)>|[x](javascript:alert(3))\`\`\`\n\`\`\`\`\n# heading`

/** A run whose every free text is hostile. */
function hostile(): ReportData {
  const rows = datasetRows(2).map((row) => ({ ...row, input: attack, output: attack }))
  const task = { ...publicTask(), title: attack, goal: attack, departures: [attack] }
  return analyse(collect(runLog({ diagnosis: attack, badReply: attack })), {
    ...defaultResampling,
    task,
    versions: { [attack]: attack },
    rows: new Map([[2, rows]]),
  })
}

describe('HTML', () => {
  const page = reportHtml(data)

  test('stands alone: no script, nothing fetched', () => {
    const { document } = parseHTML(page)
    expect(document.querySelectorAll('script, link, iframe, img, object, embed')).toHaveLength(0)
    expect(page).not.toMatch(/\b(?:src|href)\s*=|url\(|@import/)
    expect(document.querySelectorAll('svg[role=img]').length).toBe(8)
  })

  test('shows the headline scores and the result before the search', () => {
    const { document } = parseHTML(page)
    const figures = [...document.querySelectorAll('.card .figure')].map((card) => card.textContent)
    const shares = data.sealed!.test.map(
      ({ parts }) => `${(parts['heldout-phrasing']!.strict.share! * 100).toFixed(1)} %`,
    )
    const trivial = data.sealed!.contrasts.trivial!['heldout-phrasing']!.strict.value
    // Last what was forgotten, which this run did not measure.
    expect(figures).toEqual([...shares, `${(trivial * 100).toFixed(1)} %`, '–'])
    const cards = [...document.querySelectorAll('.card')].map((card) => card.textContent)
    expect(cards.at(-1)).toContain('what was forgotten was not measured')
    expect(cards.filter((card) => /all parts: \d/.test(card!))).toHaveLength(4)
    expect(cards.find((card) => card!.includes('Final'))).toMatch(/all parts: \d+\.\d %\+\d+\.\d \(.*\) to the base/)
    expect(page.indexOf('Result on the sealed test')).toBeLessThan(page.indexOf('The search, attempt by attempt'))
    expect(page).toContain('10,000 resamples, seed 20260530')
  })

  test('shows nothing that is not in report.json', () => {
    expect(reportHtml(ReportData.parse(JSON.parse(JSON.stringify(data))))).toBe(page)
  })

  test('hostile data is text', () => {
    const { document } = parseHTML(reportHtml(hostile()))
    expect(document.querySelectorAll('script, img, a')).toHaveLength(0)
    expect(document.querySelector('h1')?.textContent).toBe(attack)
    expect([...document.querySelectorAll('pre.answer')].map((pre) => pre.textContent)).toContain(attack)
  })
})

test('the audit is said to be drawn, set aside by the task, or not there', () => {
  const seen = (data: ReportData) => [reportHtml(data), reportMarkdown(data)]
  const of = (task: PublicTask) =>
    analyse(collect(runLog()), { ...defaultResampling, task, versions: {}, rows: new Map() })
  const drawn = of({ ...publicTask(), procedureSha256: 'a'.repeat(64) })
  expect(drawn.provenance.seeds.map(({ name }) => name)).toContain('Audit')
  for (const text of seen(drawn)) expect(text).toContain('drawn by the evaluator after the search had stopped')
  const file = of(publicTask())
  expect(file.provenance.seeds.map(({ name }) => name)).not.toContain('Audit')
  for (const text of seen(file)) expect(text).toContain('a third set of the task’s own')
  const none = { ...file, sealed: { ...file.sealed!, audit: [], auditMinusTest: [] } }
  for (const text of seen(none)) expect(text).toContain('The task has no audit')
})

describe('Markdown', () => {
  test('shows nothing that is not in report.json', () => {
    expect(reportMarkdown(ReportData.parse(JSON.parse(JSON.stringify(data))))).toBe(reportMarkdown(data))
  })

  test('hostile data is text, inside code blocks and outside', () => {
    const outside: string[] = []
    let fence: string | null = null
    for (const line of reportMarkdown(hostile()).split('\n')) {
      const [ticks] = /^`{3,}/.exec(line) ?? []
      if (fence === null && ticks) fence = ticks
      // As CommonMark closes a block: by at least as many backticks, alone on their line.
      else if (fence !== null && /^ {0,3}`+\s*$/.test(line) && line.trim().length >= fence.length) fence = null
      else if (fence === null) outside.push(line)
    }
    expect(fence).toBeNull()
    const text = outside.join('\n')
    expect(text).toContain('&lt;script&gt;alert(1)')
    expect(text).not.toMatch(/<[a-z/!]/i)
    expect(text).not.toMatch(/(?<!\\)\]\(/)
    expect(outside.filter((line) => /^#+ heading/.test(line))).toEqual([])
    const widths = outside.filter((line) => line.startsWith('| ')).map((line) => line.match(/(?<!\\)\|/g)!.length)
    expect(Math.min(...widths)).toBeGreaterThan(2)
  })
})

test('a run whose task cannot be read still shows its result', () => {
  const without = { ...data, task: null }
  for (const text of [reportHtml(without), reportMarkdown(without)]) {
    expect(text).toContain('Result on the sealed test')
    expect(text).not.toContain('There was no final evaluation')
  }
})

test('a run at any point renders', () => {
  const log = runLog()
  for (let length = 0; length < log.length; length += 12) {
    const part = reportData(log.slice(0, length))
    const [page, text] = [reportHtml(part), reportMarkdown(part)]
    expect(`${page}${text}`).not.toMatch(/\b(?:NaN|Infinity|undefined|null %)\b/)
    expect(page).toContain('There was no final evaluation')
    expect(text).toContain('There was no final evaluation')
  }
})
