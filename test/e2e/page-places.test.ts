import { describe, expect, test, vi } from 'vitest'
import { findBrowser } from '../support/browser.ts'
import { pageToken, useLivePages } from '../support/live-page.ts'
import { hostileText, stubReader } from '../support/run-reader.ts'
import { traceLog } from '../support/trace-log.ts'

const executable = findBrowser()
vi.setConfig({ testTimeout: 90_000 })

describe.skipIf(!executable)('places, filters and comparisons on the page', () => {
  const { start, open, shows, publish } = useLivePages(executable!)

  test('a message, an attempt and a row have addresses, which are kept on reload and can be copied', async () => {
    const run = traceLog({ runId: 'placed', rows: 60 })
    await publish(run)
    const { gateway } = await start({ runReader: stubReader() })
    const page = await open(gateway, 'placed')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await shows(page, run.length)
    await page.click('#tab-messages')
    await page.focus('.rows')
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowDown')
    const detail = page.locator('#detail')
    await detail.waitFor()
    const number = async () => Number(/number (\d+)/.exec((await detail.textContent()) ?? '')![1])
    const second = await number()
    expect(new URL(page.url()).hash).toBe(`#message=${second}`)
    await page.reload()
    await detail.waitFor()
    expect(await number()).toBe(second)
    expect(await page.locator('.row[aria-selected="true"]').getAttribute('id')).toBe(`message-${second}`)
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText())
    await detail.getByRole('button', { name: 'Copy link' }).click()
    await detail.getByRole('button', { name: 'Copied' }).waitFor()
    const link = new URL(await clipboard())
    expect([link.searchParams.get('run'), link.searchParams.get('token'), link.hash]).toEqual([
      ...['placed', pageToken, `#message=${second}`],
    ])
    await detail.getByRole('button', { name: 'Copy as JSON' }).click()
    await vi.waitFor(async () => expect((await clipboard()).startsWith('{')).toBe(true))
    const copied = JSON.parse(await clipboard())
    const { name, from, payload } = run[1]!
    expect(copied).toMatchObject({ seq: second, name, from: { role: from.role, variant: from.variant }, payload })
    // The local time has its zone, and the whole time is there for machines.
    expect(await detail.locator('time').getAttribute('datetime')).toBe(copied.at)
    expect(await detail.locator('time').textContent()).toMatch(/\d\d:\d\d:\d\d \S+$/)
    await page.keyboard.press('Escape')
    expect(new URL(page.url()).hash).toBe('')

    await page.goto(`${gateway.url}&run=placed#attempt=2`)
    await detail.getByText('decision').first().waitFor()
    expect(new URL(page.url()).hash).toBe('#attempt=2')
    const two = run.findLast(
      ({ name, payload }) => name === 'decision' && (payload as { attempt: number }).attempt === 2,
    )!
    expect(await detail.locator('.text').first().textContent()).toContain('ttempt 2')
    expect(two).toBeDefined()

    await page.evaluate(() => {
      location.hash = '#row=a1.r1.plain.2.0'
    })
    const opened = page.locator('#card-all-rows .opened')
    await opened.getByText('What became of it').waitFor()
    await page.reload()
    await opened.getByText('3 turned right').waitFor()
    const text = (await opened.textContent())!
    for (const each of ['attempt 1', 'in its dataset of 60 rows', 'trained: attempt-1', 'This is association'])
      expect(text).toContain(each)
    await opened.locator('summary').click()
    expect(await opened.locator('details td').first().textContent()).toBe(hostileText)
    expect(await page.title()).toBe('placed · Syllabus')
    await opened.getByRole('link', { name: 'attempt 1' }).click()
    await detail.getByText('decision').first().waitFor()
  })

  test('/ leads to the search; messages are filtered by words, type and agent, and how many is said', async () => {
    const run = traceLog({ runId: 'sought', rows: 60, generators: 2 })
    await publish(run)
    const page = await open((await start()).gateway, 'sought')
    await shows(page, run.length)
    await page.keyboard.press('/')
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    expect(await focused()).toBe('Filter messages')
    await page.selectOption('[aria-label="Kind of message"]', '')
    const status = page.locator('#messages [role="status"]')
    const shown = async () => Number(await page.locator('.row').first().getAttribute('aria-setsize'))
    await page.fill('[aria-label="Filter messages"]', 'generator batch')
    const batches = run.filter(({ name }) => name === 'batch')
    await vi.waitFor(async () => expect(await shown()).toBe(batches.length))
    expect(await status.textContent()).toBe(`${batches.length} of ${run.length} messages`)
    const { instance } = batches[0]!.from
    const name = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLOptionElement>('[aria-label="Agent"] option')].map(({ value }) => value),
    )
    expect(name).toContain('generator')
    const one = name.find((value) => value.startsWith('generator-'))!
    expect(instance).toBeDefined()
    await page.selectOption('[aria-label="Agent"]', one)
    await vi.waitFor(async () => expect(await shown()).toBeLessThan(batches.length))
    await page.selectOption('[aria-label="Agent"]', '')
    // In a field the key is a letter like any other, and Escape leaves an open message open.
    await page.fill('[aria-label="Filter messages"]', '')
    await page.keyboard.press('/')
    expect(await page.inputValue('[aria-label="Filter messages"]')).toBe('/')
    await page.fill('[aria-label="Filter messages"]', '')
    // From the search the list is a Tab away, behind the choices; arrows open messages.
    for (const next of ['Kind of message', 'Agent', 'Messages, oldest first']) {
      await page.keyboard.press('Tab')
      expect(await focused()).toBe(next)
    }
    await page.keyboard.press('End')
    await page.locator('#detail').waitFor()
    expect(await page.locator('.row[aria-selected="true"]').getAttribute('aria-posinset')).toBe(String(run.length))
  })

  test('another run is chosen, stands beside this one, and is kept in the address', async () => {
    const [one, other] = [
      traceLog({ runId: 'left-run', rows: 60, seed: 7 }),
      traceLog({ runId: 'right-run', rows: 60, seed: 8, attempts: 2 }),
    ]
    await publish(one)
    await publish(other)
    const { gateway } = await start({ runReader: stubReader() })
    const page = await open(gateway, 'left-run')
    const card = page.locator('#card-compare-with-another-run')
    await card.getByRole('combobox').selectOption('right-run')
    const table = card.getByRole('table')
    await table.getByRole('columnheader', { name: 'right-run' }).waitFor()
    expect(new URL(page.url()).searchParams.get('with')).toBe('right-run')
    await page.reload()
    const line = (name: string) =>
      table
        .getByRole('row', { name: new RegExp(`^${name} `) })
        .locator('td')
        .allTextContents()
    await vi.waitFor(async () => expect(await line('status')).toEqual(['Finished', 'Finished']))
    expect(await line('attempts')).toEqual(['3 of 3', '2 of 2'])
    expect(await line('seed')).toEqual(['7', '8'])
    expect(await line('generator')).toEqual(['procedural', 'procedural'])
    const [left, right] = await line('base on validation')
    expect(left).toMatch(/^\d+\.\d.%$/)
    expect(right).not.toBe(left)
    for (const name of ['teacher calls', 'tokens', 'asked', 'admitted']) expect(await line(name)).toHaveLength(2)
    expect(await card.getByRole('combobox').inputValue()).toBe('right-run')
    await card.getByRole('combobox').selectOption('')
    await vi.waitFor(() => expect(new URL(page.url()).searchParams.get('with')).toBeNull())
  })
})
