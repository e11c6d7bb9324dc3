import type { Page } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import { findBrowser } from '../support/browser.ts'
import { useLivePages } from '../support/live-page.ts'
import { until } from '../support/nats.ts'
import { traceLog } from '../support/trace-log.ts'

const executable = findBrowser()
if (!executable) console.warn('SKIPPED: no Chromium or Chrome here; install one or set CHROMIUM_PATH to test the page')
vi.setConfig({ testTimeout: 120_000 })

/*
 * A hand on the page while messages arrive. A press and its release are as far apart as the page needs to show messages in between; nothing
 * here waits for a time.
 */
describe.skipIf(!executable)('a hand on the page while messages arrive', () => {
  const { start, open, shows, publish } = useLivePages(executable!)

  /** A page of a run of which so many messages are there, and a way to let more come and be shown. */
  async function pageOf(runId: string, count: number) {
    const run = traceLog({ runId, rows: 600, shardSize: 5, progressEvery: 1 })
    const { gateway } = await start()
    await publish(run.slice(0, count))
    const page = await open(gateway, runId)
    await shows(page, count)
    let shown = count
    const more = async (n = 5) => {
      await publish(run.slice(shown, shown + n))
      shown += n
      await shows(page, shown)
    }
    return { page, run, more, at: () => shown }
  }
  async function listOf(runId: string, count: number) {
    const finalEval = await pageOf(runId, count)
    await finalEval.page.click('#tab-messages')
    await finalEval.page.selectOption('[aria-label="Kind of message"]', '')
    await finalEval.page.locator(`.row[aria-posinset="${count}"]`).waitFor()
    const box = (await finalEval.page.locator('.rows').boundingBox())!
    return { ...finalEval, box }
  }
  /** The message under a point of the list; null where there is none. */
  const rowAt = (page: Page, x: number, y: number) =>
    page.evaluate(([left, top]) => document.elementFromPoint(left!, top!)?.closest('.row')?.id ?? null, [x, y])
  const finalEvalRow = (page: Page) => page.locator('.row[aria-selected="true"]').getAttribute('id')
  const focused = (page: Page) =>
    page.evaluate(() => {
      const { activeElement } = document
      return [activeElement?.className ?? '', activeElement?.getAttribute('aria-activedescendant') ?? '']
    })

  test('20 of 20 clicks open the message that was pressed', async () => {
    const { page, box, more } = await listOf('clicks', 120)
    for (let click = 0; click < 20; click++) {
      const [x, y] = [box.x + 100, box.y + 60 + (click % 6) * 42]
      await page.mouse.move(x, y)
      const pressed = await rowAt(page, x, y)
      await page.mouse.down()
      await more()
      expect(await rowAt(page, x, y), 'nothing moves under the pointer').toBe(pressed)
      await page.mouse.up()
      expect(await finalEvalRow(page)).toBe(pressed)
      await page.keyboard.press('Escape')
      await page.locator('#detail').waitFor({ state: 'hidden' })
      await page.evaluate(() => {
        const rows = document.querySelector('.rows')!
        rows.scrollTop = rows.scrollHeight
      })
    }
  })

  test('the list waits for the pointer to leave, names how many are new, and follows again', async () => {
    const { page, box, run, more, at } = await listOf('hover', 120)
    const [x, y] = [box.x + 100, box.y + 200]
    await page.mouse.move(x, y)
    const row = await rowAt(page, x, y)
    await more(7)
    expect(await rowAt(page, x, y)).toBe(row)
    await page.locator('.latest', { hasText: '↓ 7 new' }).waitFor()
    await page.mouse.move(5, 5)
    await page.locator(`.row[aria-posinset="${at()}"]`).waitFor()
    await page.locator('.latest').waitFor({ state: 'hidden' })
    // Who has scrolled up stays there; the button leads to the end.
    await page.locator('.rows').evaluate((rows) => {
      rows.scrollTop = 420
    })
    await page.locator('.row[aria-posinset="11"]').waitFor()
    const first = await rowAt(page, x, box.y + 20)
    await more(4)
    expect(await rowAt(page, x, box.y + 20)).toBe(first)
    await page.locator('.latest', { hasText: '↓ 4 new' }).click()
    await page.locator(`.row[aria-posinset="${at()}"]`, { hasText: run[at() - 1]!.name }).waitFor()
  })

  test('Escape leaves the focus on the row that was opened, wherever in its message the focus was', async () => {
    const { page, box, more } = await listOf('escape', 120)
    await page.mouse.click(box.x + 100, box.y + 102)
    const finalEval = (await finalEvalRow(page))!
    await more()
    await page.keyboard.press('Escape')
    await page.locator('#detail').waitFor({ state: 'hidden' })
    expect(await focused(page)).toEqual(['rows', finalEval])

    // Enter opens it again; Tab goes into the message, and a cause in it is opened with the keyboard.
    await page.keyboard.press('Enter')
    expect(await finalEvalRow(page)).toBe(finalEval)
    await page.locator('.chip').first().focus()
    await page.keyboard.press('Enter')
    await until('the cause is shown', async () => (await finalEvalRow(page).catch(() => null)) !== finalEval)
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('detail')
    const cause = await page.locator('.rows').getAttribute('aria-activedescendant')
    await more()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Escape')
    await page.locator('#detail').waitFor({ state: 'hidden' })
    expect(await focused(page)).toEqual(['rows', cause])
    // The row of the focus exists, however far away the list is, and the arrows go on from it.
    await page.locator('.rows').evaluate((rows) => {
      rows.scrollTop = rows.scrollHeight
    })
    await more()
    expect(await page.locator(`#${cause}`).count()).toBe(1)
    const position = Number(await page.locator(`#${cause}`).getAttribute('aria-posinset'))
    await page.keyboard.press('ArrowDown')
    expect(await page.locator('.row[aria-selected="true"]').getAttribute('aria-posinset')).toBe(String(position + 1))
  })

  test('opened from elsewhere, a message gives the focus back there', async () => {
    const { page, more } = await pageOf('elsewhere', 60)
    const button = page.locator('#summary button').last()
    await button.focus()
    await page.keyboard.press('Enter')
    await page.locator('#detail').waitFor()
    await more()
    await page.locator('[aria-label="Close"]').focus()
    await page.keyboard.press('Escape')
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true)

    await page.focus('canvas')
    await page.keyboard.press('ArrowLeft')
    await page.locator('#detail').waitFor()
    await page.locator('.chip').first().focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Escape')
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('CANVAS')
  })

  test('a click on the summary opens what was pressed, though the summary grew above it', async () => {
    const { page, run, more, at } = await pageOf('summary-run', 60)
    const items = page.locator('#summary li')
    const before = await items.count()
    const box = (await items.first().locator('button').boundingBox())!
    await page.mouse.move(box.x + 20, box.y + 8)
    await page.mouse.down()
    const title = await items.first().locator('b').textContent()
    const next = run.findIndex((entry, index) => index >= at() && entry.name === 'verdict')
    await more(next + 1 - at())
    expect(await items.first().locator('b').textContent()).toBe(title)
    await page.mouse.up()
    await page.locator('#detail').waitFor()
    await page.mouse.move(5, 5)
    await until('the summary has gone on', async () => (await items.count()) > before)
    expect(await items.first().locator('b').textContent()).not.toBe(title)
  })

  test('a mark of the timeline stays under the pointer, and a click opens it', async () => {
    const { page, more } = await pageOf('marks', 60)
    const canvas = (await page.locator('canvas').boundingBox())!
    const isHand = () =>
      page.locator('canvas').evaluate((element) => (element as HTMLElement).style.cursor === 'pointer')
    let x = 200
    // The lane of the planner is the second.
    for (; x < canvas.width; x += 3) {
      await page.mouse.move(canvas.x + x, canvas.y + 45)
      if (await isHand()) break
    }
    const tip = await page.locator('.tip b').textContent()
    await page.mouse.down()
    await more(20)
    await page.mouse.up()
    await page.locator('#detail').waitFor()
    expect(await page.locator('#detail h3').textContent()).toBe(tip)
    const [before] = await page.locator('.chip').allTextContents()
    await more(20)
    await page.keyboard.press('Escape')
    await page.mouse.click(canvas.x + x, canvas.y + 45)
    expect(await page.locator('#detail h3').textContent()).toBe(tip)
    expect((await page.locator('.chip').allTextContents())[0]).toBe(before)
  })

  test('text that is marked stays marked, in the list, in the figures and in an opened message', async () => {
    const { page, box, more } = await listOf('marked', 120)
    const marked = () => page.evaluate(() => getSelection()?.toString().trim())
    for (const place of ['.row:nth-child(12) small', '#figure-attempt dt', '.names li span', '#card-budget dt']) {
      const text = await page
        .locator(place)
        .first()
        .evaluate((element) => {
          getSelection()?.selectAllChildren(element)
          return getSelection()?.toString().trim()
        })
      expect(text, place).toBeTruthy()
      // Within what the list shows while it stands still.
      await page.mouse.move(box.x + 100, box.y + 100)
      await more()
      expect(await marked(), place).toBe(text)
    }
    await page.mouse.click(box.x + 100, box.y + 102)
    await page
      .locator('#content .key')
      .first()
      .evaluate((element) => getSelection()?.selectAllChildren(element))
    const key = await marked()
    expect(key).toBeTruthy()
    await more()
    expect(await marked()).toBe(key)
    // Marking text with the pointer opens nothing.
    await page.keyboard.press('Escape')
    await page.mouse.move(box.x + 90, box.y + 110)
    await page.mouse.down()
    await page.mouse.move(box.x + 160, box.y + 110, { steps: 4 })
    await more()
    await page.mouse.up()
    expect(await page.locator('#detail').isVisible()).toBe(false)
  })

  test('filters and the choice of a run are left alone by what arrives', async () => {
    // From here on generators answer.
    const { page, more } = await listOf('filters', 150)
    await page.fill('[aria-label="Filter messages"]', 'generator')
    const shown = () => page.locator('.row').allTextContents()
    await until('the filter holds', async () => (await shown()).every((text) => text.includes('generator')))
    const matches = async () => Number(await page.locator('.row').first().getAttribute('aria-setsize'))
    const before = await matches()
    await page.locator('#run-choice').evaluate((choice: HTMLSelectElement) => {
      choice.options[0]!.dataset.kept = 'yes'
    })
    await publish(traceLog({ runId: 'filters-other', rows: 60 }).slice(0, 2))
    await more(40)
    await until('the other run can be chosen', async () =>
      (await page.locator('#run-choice option').allTextContents()).includes('filters-other'),
    )
    expect(await page.locator('#run-choice').inputValue()).toBe('filters')
    expect(await page.inputValue('[aria-label="Filter messages"]')).toBe('generator')
    await until('more messages match', async () => (await matches()) > before)
    for (const text of await shown()) expect(text).toContain('generator')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Filter messages')
  })

  test('a narrow window: the list keeps its place as the window changes, and clicks meet their rows', async () => {
    const { page, more, at } = await listOf('narrow', 120)
    await page.setViewportSize({ width: 420, height: 800 })
    await page.locator('.rows').scrollIntoViewIfNeeded()
    await more()
    await page.locator(`.row[aria-posinset="${at()}"]`).waitFor()
    const box = (await page.locator('.rows').boundingBox())!
    const [x, y] = [box.x + 100, box.y + 100]
    await page.mouse.move(x, y)
    const pressed = await rowAt(page, x, y)
    await page.mouse.down()
    await more()
    await page.mouse.up()
    expect(await finalEvalRow(page)).toBe(pressed)
    await page.setViewportSize({ width: 1300, height: 900 })
    expect(await finalEvalRow(page)).toBe(pressed)
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(1300)
  })
})
