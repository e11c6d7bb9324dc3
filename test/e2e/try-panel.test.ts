import { describe, expect, test, vi } from 'vitest'
import { UsageError } from '../../schemas/user-error.ts'
import type { TryPanel } from '../../trace/try-panel.ts'
import { findBrowser } from '../support/browser.ts'
import { useLivePages } from '../support/live-page.ts'
import { traceLog } from '../support/trace-log.ts'

const executable = findBrowser()
vi.setConfig({ testTimeout: 90_000 })

const panel: TryPanel = {
  async ask(runId, question) {
    if ('text' in question && question.text === 'too early') throw new UsageError('No model is trained.', 'Wait.')
    const [asked, isExample] = 'text' in question ? [question.text, false] : [`example ${question.example}`, true]
    const score = (isRight: boolean) => (isExample ? { isRight, reason: 'boxed' } : {})
    return {
      asked: `${runId}: ${asked}`,
      ...(isExample && { example: { id: 'v-1', skill: 'adding', answer: '27', of: 2 } }),
      replies: [
        { model: 'base', text: '<b>three</b>', isCut: true, ...score(false) },
        { model: 'final', text: '27', thoughts: 'three times nine', isCut: false, ...score(true) },
      ],
    }
  },
}

describe.skipIf(!executable)('the panel that asks models', () => {
  const { start, open, shows, errors, publish } = useLivePages(executable!)

  test('own questions and examples are answered side by side, with what is right; texts of models stay texts', async () => {
    const run = traceLog({ runId: 'try-run', rows: 60 })
    await publish(run)
    const { gateway } = await start({ tryPanel: panel })
    const page = await open(gateway, 'try-run')
    const card = page.locator('#card-try-it')
    await card.waitFor({ state: 'visible' })
    await card.getByRole('textbox').fill('How much?')
    await card.getByRole('textbox').press('Enter')
    await card.getByText('try-run: How much?').waitFor()
    expect(await card.locator('figure').allTextContents()).toEqual([
      'base <b>three</b> [cut]',
      'final Thoughtsthree times nine27',
    ])
    for (const number of [1, 2, 1]) {
      await card.getByRole('button', { name: 'An example' }).click()
      await card.getByText(`try-run: example ${number}`).waitFor()
    }
    expect(await card.locator('figcaption').allTextContents()).toEqual(['base wrong', 'final right'])
    expect(await card.textContent()).toContain('Right answer: 27')
    await card.getByRole('textbox').fill('too early')
    await card.getByRole('button', { name: 'Ask both' }).click()
    await card.getByText('No model is trained. Wait.').waitFor()
    expect(errors.splice(0)).toEqual([expect.stringContaining('422')])
    await page.setViewportSize({ width: 390, height: 800 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  })

  test('where no questions are answered, or no model is trained, there is no panel', async () => {
    const run = traceLog({ runId: 'no-panel', rows: 60 })
    await publish(run)
    const { gateway } = await start()
    const page = await open(gateway, 'no-panel')
    await shows(page, run.length)
    expect(await page.locator('#card-try-it').isVisible()).toBe(false)
    await publish(traceLog({ runId: 'untrained', rows: 60 }).slice(0, 5))
    const other = await open((await start({ tryPanel: panel })).gateway, 'untrained')
    await shows(other, 5)
    expect(await other.locator('#card-try-it').isVisible()).toBe(false)
  })
})
