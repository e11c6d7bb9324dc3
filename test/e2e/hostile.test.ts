import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { StoredEntry } from '../../bus/mod.ts'
import { analyse, collect, defaultResampling, reportHtml } from '../../evidence/report/mod.ts'
import { startGateway } from '../../trace/gateway.ts'
import { findBrowser, launchBrowser } from '../support/browser.ts'
import { hostileText, hostileTexts } from '../support/hostile.ts'
import { memoryLog, type TestServer, until, withServer } from '../support/nats.ts'
import { createTracePublisher } from '../support/publish-trace.ts'
import { runLog } from '../support/run-log.ts'
import { datasetRows, publicTask } from '../support/run-log-data.ts'
import { traceLog } from '../support/trace-log.ts'

const executable = findBrowser()
if (!executable) console.warn('SKIPPED: no Chromium or Chrome here; install one or set CHROMIUM_PATH to test the page')
vi.setConfig({ testTimeout: 120_000 })

const all = Object.values(hostileTexts)
const hostileRow = (index: number) => ({ input: all[index % all.length]!, output: all[(index + 1) % all.length]! })

describe.skipIf(!executable)('what rows, replies and models say is text, in a real browser', () => {
  let browser: Browser
  const faults: string[] = []

  beforeAll(async () => {
    browser = await launchBrowser(executable!)
  })
  afterAll(() => browser?.close())
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
    expect(faults.splice(0)).toEqual([])
  })

  /** A page that fails the test for an error, a dialog, a window, or a request to anybody but `server`. */
  async function guarded(server: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
    page.on('dialog', (dialog) => faults.push(`dialog ${dialog.message()}`))
    page.on('popup', () => faults.push('popup'))
    page.on('request', (request) => {
      if (!request.url().startsWith(server)) faults.push(`request to ${request.url().slice(0, 100)}`)
    })
    return page
  }

  /** Nothing ran, nothing was made of it, and nothing is wider than the window. */
  async function expectInert(page: Page, where: string): Promise<void> {
    const found = await page.evaluate(() => ({
      owned: 'owned' in window,
      made: document.querySelectorAll(
        'iframe, base, object, embed, [onerror], [onload], a[href^="javascript:"], img[src="x"]',
      ).length,
      foreignStyles: [...document.querySelectorAll('style')].filter((one) =>
        one.textContent!.startsWith('body{display'),
      ).length,
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      visible: getComputedStyle(document.body).display !== 'none',
    }))
    expect(found, where).toEqual({ owned: false, made: 0, foreignStyles: 0, overflow: 0, visible: true })
  }

  describe('the live page', () => {
    let server: TestServer
    beforeAll(async () => {
      server = await withServer()
    })
    afterAll(() => server?.[Symbol.asyncDispose]())

    /** A made-up run in which everything that a model or a teacher writes is hostile. */
    function hostileRun(): StoredEntry[] {
      return traceLog({ runId: 'hostile-run', rows: 60, seeds: 3 }).map((entry) => {
        const payload = structuredClone(entry.payload) as Record<string, never>
        const printed: Record<string, () => object> = {
          decision: () => ({ diagnosis: `${hostileText} ${hostileTexts.huge}` }),
          batch: () => ({
            candidates: all.map((_, index) => ({
              id: `a1.r1.hostile.${index}.0`,
              skill: 'hostile',
              source: 'hostile',
              instruction: hostileText,
              ...hostileRow(index),
              origin: { generator: 'llm' },
            })),
            failures: [{ index: 0, reason: hostileText }],
          }),
          report: () => ({
            badCases: (payload.badCases as unknown as object[]).map((one, index) => ({
              ...one,
              input: hostileRow(index).input,
              reply: hostileRow(index).output,
              reason: hostileText,
            })),
          }),
          'status-changed': () => ({ reason: hostileText }),
        }
        return { ...entry, payload: { ...payload, ...printed[entry.name]?.() } }
      })
    }

    test('shows it in every place and does nothing else with it', async () => {
      const run = hostileRun()
      await createTracePublisher(server)(run)
      const bus = await server.open('gateway')
      const { signal } = new AbortController()
      const gateway = await startGateway({
        bus,
        port: 0,
        token: 't',
        maxBacklog: 5000,
        runsEveryMs: 100,
        log: memoryLog(),
        signal,
      })
      try {
        const page = await guarded(`http://127.0.0.1:${gateway.port}/`)
        await page.goto(`${gateway.url}&run=hostile-run`)
        await until(
          'all is shown',
          async () => (await page.locator('#message-count').textContent()) === String(run.length),
        )
        await expectInert(page, 'summary')
        expect(await page.locator('#summary').textContent()).toContain(hostileTexts.image)
        await page.click('#tab-messages')
        for (const name of ['batch', 'report', 'decision', 'status-changed']) {
          await page.selectOption('[aria-label="Kind of message"]', name)
          await page.locator('.row').first().click()
          await page.waitForSelector('#content[data-whole="true"]')
          // Every level of the content is opened, so that all of its texts are made.
          for (let depth = 0; depth < 5; depth++) {
            await page.evaluate(() => {
              for (const one of document.querySelectorAll<HTMLDetailsElement>('#content details')) one.open = true
            })
            await page.waitForTimeout(50)
          }
          await expectInert(page, name)
          const shown = (await page.locator('#content').textContent())!
          if (name === 'batch') for (const text of all) expect(shown).toContain(JSON.stringify(text))
          else expect(shown).toContain(JSON.stringify(hostileTexts.script).slice(1, -1))
        }
        // A text that turns the direction turns no other: what stands before it on its line stays on its left.
        await page.selectOption('[aria-label="Kind of message"]', 'batch')
        await page.locator('.row').first().click()
        await page.waitForSelector('#content[data-whole="true"]')
        const bidi = await page.evaluate(() => getComputedStyle(document.querySelector('#content .text')!).unicodeBidi)
        expect(bidi).toMatch(/isolate|plaintext/)
      } finally {
        for (const context of browser.contexts()) await context.close()
        await gateway.close()
      }
    })
  })

  test('the HTML report shows it, whole where it is told to, and does nothing else with it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'syllabus-hostile-'))
    try {
      const rows = datasetRows(2).map((row, index) => ({ ...row, ...hostileRow(index) }))
      const task = {
        ...publicTask(),
        title: hostileText,
        goal: `${hostileText} ${hostileTexts.huge}`,
        departures: [hostileTexts.huge, hostileText],
      }
      const log = runLog({
        diagnosis: `${hostileText} ${hostileTexts.huge}`,
        badReply: `${hostileText} ${hostileTexts.huge}`,
      })
      const data = analyse(collect(log), {
        ...defaultResampling,
        task,
        versions: { [hostileText]: hostileText },
        rows: new Map([[2, rows]]),
      })
      const file = join(folder, 'report.html')
      await writeFile(file, reportHtml(data))
      const address = pathToFileURL(file).href
      const page = await guarded(address)
      await page.goto(address)
      await expectInert(page, 'report')
      expect(await page.locator('h1').textContent()).toContain(hostileTexts.image)
      const texts = (await page.locator('body').textContent())!
      for (const text of [hostileTexts.script, hostileTexts.svg, hostileTexts.link]) expect(texts).toContain(text)
      expect(await page.locator('script').count()).toBe(0)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
