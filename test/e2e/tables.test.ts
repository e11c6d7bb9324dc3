import { describe, expect, test, vi } from 'vitest'
import { findBrowser } from '../support/browser.ts'
import { useLivePages } from '../support/live-page.ts'
import { hostileText, stubReader } from '../support/run-reader.ts'
import { traceLog } from '../support/trace-log.ts'

const executable = findBrowser()
vi.setConfig({ testTimeout: 90_000 })

describe.skipIf(!executable)('the tables of the page', () => {
  const { start, open, shows, publish } = useLivePages(executable!)

  test('rows and answers are searched, paged and opened; texts of models stay texts; all fits a telephone', async () => {
    await publish(traceLog({ runId: 'read-run', rows: 60 }))
    const { gateway } = await start({ runReader: stubReader() })
    const page = await open(gateway, 'read-run')
    const rows = page.locator('#card-all-rows')
    await rows.scrollIntoViewIfNeeded()
    await rows.getByText('1 to 3 of 8').waitFor()
    expect(await rows.locator('tbody tr:nth-child(3) td').nth(2).textContent()).toBe(hostileText)
    expect(await rows.getByRole('status').textContent()).toContain('npx syllabus rows read-run --json')
    await rows.getByRole('button', { name: 'More' }).click()
    await rows.getByText('4 to 6 of 8').waitFor()
    await rows.getByRole('button', { name: 'Back' }).click()
    await rows.getByText('1 to 3 of 8').waitFor()
    await rows.getByRole('combobox').selectOption('refused')
    await rows.getByText('1 to 2 of 2').waitFor()
    await rows.getByRole('button', { name: 'a1.r1.plain.3.0' }).click()
    await rows.getByText('Repeats a1.r1.plain.0.0').waitFor()
    expect(await rows.locator('.opened dd').allTextContents()).toEqual([
      ...['accept', 'Write.', hostileText, 'Answer.', 'question 3', 'w'.repeat(200), 'question 0'],
    ])
    await rows.getByRole('combobox').selectOption('')
    await rows.getByRole('searchbox').fill('question 7')
    await rows.getByText('1 to 1 of 1').waitFor()
    await rows.getByRole('searchbox').fill('nothing like it')
    await rows.getByText('none').waitFor()

    const answers = page.locator('#card-answers-on-validation')
    await answers.scrollIntoViewIfNeeded()
    await answers.getByText('1 to 3 of 8, answered by final').waitFor()
    await answers.getByRole('checkbox').check()
    await answers.getByText('1 to 3 of 4').waitFor()
    expect(await answers.locator('tbody .wrong').count()).toBe(3)
    await answers.getByRole('combobox').selectOption('base')
    await answers.getByText('of 4, answered by base').waitFor()
    await answers.getByRole('button', { name: 'validation-2' }).click()
    await answers.getByText('base: wrong').waitFor()
    await answers.getByText('final: wrong').waitFor()

    const labels = page.locator('#card-answers-by-label')
    expect(await labels.locator('.bad').allTextContents()).toEqual([
      'final gives one answer, “ham”, to 148 of 148 questions.',
    ])
    expect(await labels.locator('tbody th').allTextContents()).toEqual(['all', 'spam', 'ham'])
    expect(await labels.locator('tbody tr:first-child td:nth-child(2) li').allTextContents()).toEqual([
      'ham 80',
      `${hostileText} 68`,
    ])

    await rows.getByRole('searchbox').fill('')
    await rows.getByText('1 to 3 of 8').waitFor()
    await page.setViewportSize({ width: 390, height: 800 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    expect(await page.title()).toBe('read-run · Syllabus')
  })

  test('once a run is over the page says so, with links to report, rows and answers, and the command for the model', async () => {
    await publish(traceLog({ runId: 'over-run', rows: 60 }))
    const { gateway } = await start({ runReader: stubReader() })
    const page = await open(gateway, 'over-run')
    await page.getByText('The run is over.').waitFor()
    await page.getByText('npx syllabus export over-run --what all').waitFor()
    await page.getByRole('link', { name: 'Rows' }).click()
    await page.locator('#card-all-rows').getByText('1 to 3 of 8').waitFor()
    const [report] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByRole('link', { name: 'Report' }).click(),
    ])
    await report.waitForLoadState()
    expect(await report.title()).toBe('Report')
    expect(await report.evaluate(() => getComputedStyle(document.querySelector('p')!).color)).toBe('rgb(1, 2, 3)')
  })

  test('where no runs are read, or nothing was made yet, there are no tables', async () => {
    const run = traceLog({ runId: 'unread', rows: 60 })
    await publish(run)
    const page = await open((await start()).gateway, 'unread')
    await shows(page, run.length)
    await page.getByText('The run is over.').waitFor()
    expect(await page.getByRole('link', { name: 'Report' }).count()).toBe(0)
    await publish(traceLog({ runId: 'begun', rows: 60 }).slice(0, 2))
    const other = await open((await start({ runReader: stubReader() })).gateway, 'begun')
    await shows(other, 2)
    for (const id of ['all-rows', 'answers-on-validation', 'answers-by-label'])
      for (const each of [page, other]) expect(await each.locator(`#card-${id}`).isVisible(), id).toBe(false)
  })
})
