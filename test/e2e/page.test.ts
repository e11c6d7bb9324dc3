import type { Page } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import type { StoredEntry } from '../../bus/mod.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import type { FinalEvalResults } from '../../schemas/messages/evaluation.ts'
import { unpackResults } from '../../schemas/sealed-results.ts'
import { findBrowser } from '../support/browser.ts'
import { pageToken, useLivePages } from '../support/live-page.ts'
import { until } from '../support/nats.ts'
import { traceLog } from '../support/trace-log.ts'

const executable = findBrowser()
if (!executable) console.warn('SKIPPED: no Chromium or Chrome here; install one or set CHROMIUM_PATH to test the page')
// A browser on a busy machine of two cores is slow, not broken.
vi.setConfig({ testTimeout: 90_000 })

describe.skipIf(!executable)(`the page in ${executable ?? 'a browser (none found: set CHROMIUM_PATH)'}`, () => {
  const { start, open, counted, shows, errors, publish, newPage } = useLivePages(executable!)
  const figure = (page: Page, name: string) => page.locator(`#figure-${name} dd`).textContent()

  test('a run shows as it happens: lanes, scores, losses, rows, budget, summary', async () => {
    const run = traceLog({ runId: 'live-run', rows: 60 })
    const middle = run.findIndex(
      (entry) => entry.name === 'report' && JSON.stringify(entry.payload).includes('"attempt-2"'),
    )
    const { gateway } = await start()
    await publish(run.slice(0, 5))
    const page = await open(gateway, 'live-run')
    await publish(run.slice(5, middle + 1))
    await shows(page, middle + 1)

    expect(await page.title()).toContain('live-run')
    expect(await figure(page, 'status')).toBe('Running')
    expect(await figure(page, 'attempt')).toBe('2 of 3')
    const scores = run.slice(0, middle + 1).filter((entry) => entry.name === 'report')
    const share = (entry: StoredEntry) => {
      const { correct, total } = (
        entry.payload as { validation: { overall: { strict: { correct: number; total: number } } } }
      ).validation.overall.strict
      return `${((correct / total) * 100).toFixed(1)}\u202f%`
    }
    expect(await figure(page, 'base')).toBe(share(scores[0]!))
    const drawn = await page.locator('#card-score-on-validation svg').getAttribute('aria-label')
    for (const report of scores) expect(drawn).toContain(share(report))
    const lanes = await page.locator('.names li').allTextContents()
    expect(new Set(lanes.map((lane) => lane.replace(/-\d+$/, '')))).toEqual(
      new Set(['operator', 'planner', 'generator', 'critic', 'trainer-bridge', 'evaluator']),
    )
    expect(await page.locator('#card-training-loss [aria-label="line"] path').count()).toBe(2)
    expect(await page.locator('#card-rows rect[fill^="var(--outcome-admitted"]').count()).toBe(2)
    expect(await page.locator('#card-budget').textContent()).toContain('2 of 3')
    expect(await page.locator('#card-skills tbody tr').count()).toBe(6)
    expect(await page.locator('#summary').textContent()).toContain('Attempt 2 (improve)')
    expect(await page.locator('#sealed').isVisible()).toBe(false)

    await publish(run.slice(middle + 1))
    await shows(page, run.length)
    expect(await figure(page, 'status')).toBe('Finished')
    expect(await figure(page, 'stop')).toBe('Attempts used')
    expect(await page.locator('#sealed .headline').textContent()).toContain('Held-out phrasings')
    expect(await page.locator('#now').textContent()).toContain('runs/live-run/report.html')
  })

  test('with several training seeds each of them is drawn, on validation and on the sealed test', async () => {
    const run = traceLog({ runId: 'seeds-run', rows: 60, seeds: 3 })
    const { gateway } = await start()
    await publish(run)
    const page = await open(gateway, 'seeds-run')
    await shows(page, run.length)
    const validation = page.locator('#card-score-on-validation')
    expect(await validation.locator('.ring circle').count()).toBe(6)
    expect(await validation.locator('title', { hasText: 'final-s3:' }).textContent()).toMatch(
      /final: .* final-s2: .* 3 seeds, mean/,
    )
    const sealed = page.locator('#sealed')
    // Control and final, three seeds each: on the whole test and its four parts, on the audit.
    expect(await sealed.locator('.ring circle').count()).toBe(2 * 3 * 6)
    expect(await sealed.locator('header').textContent()).toContain('mean and range of 3 training seeds')
    const finalEval = run.find((entry) => entry.name === 'final-eval-results')!.payload as PayloadOf<
      typeof FinalEvalResults
    >
    const shares = unpackResults(finalEval).flatMap(({ studentModel, evalSet, sheet }) => {
      const { correct, total } = sheet.byPart['heldout-phrasing']!.strict
      return studentModel.arm === 'final' && evalSet === 'test' ? [correct / total] : []
    })
    expect(shares).toHaveLength(3)
    const mean = (100 * shares.reduce((sum, share) => sum + share, 0)) / 3
    expect(await sealed.locator('.headline b').textContent()).toBe(`${mean.toFixed(1)}\u202f% after`)
  })

  test('what needs no student stands beside the arms, and a student that collapsed is said to have', async () => {
    const run = traceLog({ runId: 'collapsed-run', rows: 60, collapsed: true })
    const { gateway } = await start()
    await publish(run)
    const page = await open(gateway, 'collapsed-run')
    await shows(page, run.length)
    const sealed = page.locator('#sealed')
    await sealed
      .locator('.headline', { hasText: 'The student collapsed: it gives one answer to 268 of 270 items' })
      .waitFor()
    expect(await sealed.locator('.headline').last().textContent()).toMatch(/; an answer that needs no student 8\.8/)
    // On the whole test and its four parts.
    expect(await sealed.locator('.trivial line').count()).toBe(5)
  })

  test('a reload in mid-run and a second viewer see the same, and both go on', async () => {
    const run = traceLog({ runId: 'reload-run', rows: 60 })
    const { gateway } = await start()
    await publish(run.slice(0, 60))
    const first = await open(gateway, 'reload-run')
    await shows(first, 60)
    await first.reload()
    // Without a run in the address the page goes to the newest.
    const second = await open(gateway)
    expect(new URL(second.url()).searchParams.get('run')).toBe('reload-run')
    await publish(run.slice(60, 90))
    await Promise.all([shows(first, 90), shows(second, 90)])
    expect(await first.locator('#summary').textContent()).toBe(await second.locator('#summary').textContent())
  })

  test('a click shows the whole content and the chain of causes; keys move on', async () => {
    const run = traceLog({ runId: 'click-run', rows: 60 })
    const { gateway } = await start()
    await publish(run)
    const page = await open(gateway, 'click-run')
    await shows(page, run.length)
    await page.click('#tab-messages')
    await page.selectOption('[aria-label="Kind of message"]', 'report')
    await page.locator('.row').first().click()
    await page.waitForSelector('#content[data-whole="true"]')
    expect(await page.locator('#detail h3').textContent()).toBe('report')
    await page.locator('#content summary', { hasText: /^0: / }).click()
    await page.locator('#content', { hasText: 'validation-0' }).waitFor()
    const causes = await page.locator('.chain').first().locator('.chip').allTextContents()
    expect(causes).toEqual(['run-started', 'job', 'predictions'])
    await page.locator('.chip', { hasText: 'predictions' }).first().click()
    expect(await page.locator('#detail h3').textContent()).toBe('predictions')

    await page.focus('canvas')
    await page.keyboard.press('ArrowUp')
    expect(await page.locator('#detail h3').textContent()).toBe('job')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Escape')
    expect(await page.locator('#detail').isVisible()).toBe(false)

    // The planner's lane begins with the first job; a mark is where the pointer becomes a hand.
    const canvas = (await page.locator('canvas').boundingBox())!
    let hit = 0
    for (let x = 1; x < canvas.width && !hit; x += 2) {
      await page.mouse.move(canvas.x + x, canvas.y + 15)
      if ((await page.locator('canvas').evaluate((element) => (element as HTMLElement).style.cursor)) === 'pointer')
        hit = x
    }
    expect(hit).toBeGreaterThan(0)
    expect(await page.locator('.tip').textContent()).toContain('operator-')
    await page.mouse.click(canvas.x + hit, canvas.y + 15)
    expect(await page.locator('#detail h3').textContent()).toBe('run-started')
  })

  test('a page that stands still is dropped and catches up by itself', async () => {
    const run = traceLog({ runId: 'slow-run', rows: 60 })
    const { gateway, log } = await start({ maxBacklog: 30 })
    await publish(run.slice(0, 30))
    const page = await open(gateway, 'slow-run')
    await shows(page, 30)
    // An open dialog holds the page's thread still, as a sleeping laptop or a debugger would.
    const dialog = page.waitForEvent('dialog')
    await page.evaluate(() => void setTimeout(() => alert('still'), 0))
    const held = await dialog
    const sample = run.find((entry) => entry.name === 'batch')!
    const payload = sample.payload as { candidates: { input: string; output: string }[] }
    const wide = { ...payload.candidates[0]!, input: 'x'.repeat(1000), output: 'y'.repeat(1000) }
    const bulk = Array.from({ length: 1200 }, (_, index) => ({
      ...sample,
      id: `slow-run.bulk:${index}`,
      payload: { ...payload, candidates: Array.from({ length: 10 }, () => wide) },
    }))
    await publish(bulk)
    await until('it was dropped', () => log.lines.some((line) => line.message === 'slow viewer dropped'))
    await held.accept()
    await shows(page, 1230)
    await publish(run.slice(30, 40))
    await shows(page, 1240)
  })

  test('a gateway that went away and came back is found again', async () => {
    const run = traceLog({ runId: 'away-run', rows: 60 })
    await publish(run.slice(0, 20))
    const { gateway } = await start()
    const page = await open(gateway, 'away-run')
    await shows(page, 20)
    await gateway.close()
    await page.waitForSelector('#connection[data-state="away"]')
    await publish(run.slice(20, 40))
    await start({ port: gateway.port })
    await shows(page, 40)
    expect(errors.splice(0).every((error) => error.includes('ERR_CONNECTION_REFUSED'))).toBe(true)
  })

  test('a wrong token is told, and a page of another origin gets nothing', async () => {
    await publish(traceLog({ runId: 'guarded', rows: 60 }).slice(0, 3))
    const { gateway } = await start()
    const page = await newPage()
    await page.goto(`http://127.0.0.1:${gateway.port}/?token=wrong&run=guarded`)
    await page.waitForSelector('#connection[data-state="refused"]')
    expect(await page.locator('#notice').textContent()).toContain('The token in the address is not the one')
    expect(await counted(page)).toBe('0')

    const { gateway: other } = await start()
    const foreign = await newPage({ bypassCSP: true })
    await foreign.goto(`http://127.0.0.1:${other.port}/mark.svg`)
    const outcome = await foreign.evaluate(
      (address) =>
        new Promise((resolve) => {
          const socket = new WebSocket(address)
          socket.onopen = () => resolve('open')
          socket.onerror = () => resolve('refused')
        }),
      `ws://127.0.0.1:${gateway.port}/ws?token=${pageToken}&run=guarded`,
    )
    expect(outcome).toBe('refused')
  })

  test('ten thousand messages: a fast list, a small page, and the rest at hand', async () => {
    const run = traceLog({ runId: 'big-run', rows: 4500, shardSize: 5, progressEvery: 1, generators: 4 })
    expect(run.length).toBeGreaterThan(9_900)
    await publish(run)
    const { gateway } = await start({ maxBacklog: 20_000 })
    const began = performance.now()
    const page = await open(gateway, 'big-run')
    await shows(page, run.length)
    const shownMs = performance.now() - began
    await page.click('#tab-messages')
    expect(await page.locator('*').count()).toBeLessThan(1500)
    const drawMs = await page.evaluate(() => {
      const zoom = document.querySelector<HTMLButtonElement>('[title="Zoom in"]')!
      const from = performance.now()
      zoom.click()
      return performance.now() - from
    })
    console.info(
      `${run.length} messages shown after ${Math.round(shownMs)} ms; one drawing of the timeline takes ${drawMs.toFixed(1)} ms`,
    )
    expect(drawMs).toBeLessThan(200)
    await page.focus('.rows')
    await page.keyboard.press('Home')
    expect(await page.locator('#detail h3').textContent()).toBe('run-started')
  }, 120_000)
})
