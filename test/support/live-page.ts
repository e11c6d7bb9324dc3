import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { StoredEntry } from '../../bus/mod.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../../trace/gateway.ts'
import { launchBrowser } from './browser.ts'
import { memoryLog, type TestServer, until, withServer } from './nats.ts'
import { createTracePublisher } from './publish-trace.ts'

export const pageToken = 'page-test-token'

/** A server and a browser for the tests of a file; the gateways and pages that a test opens are closed after it. */
export function useLivePages(executable: string) {
  let server: TestServer
  let browser: Browser
  let publish: (entries: readonly StoredEntry[]) => Promise<void>
  const gateways: Gateway[] = []
  /** Errors of pages; a test that expects some takes them out. */
  const errors: string[] = []

  beforeAll(async () => {
    server = await withServer()
    publish = createTracePublisher(server)
    browser = await launchBrowser(executable)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
    for (const gateway of gateways.splice(0)) await gateway.close()
    expect(errors.splice(0)).toEqual([])
  })

  async function start(options: Partial<GatewayOptions> = {}) {
    const log = memoryLog()
    const bus = await server.open('gateway')
    const { signal } = new AbortController()
    const usual = { bus, port: 0, token: pageToken, maxBacklog: 5000, runsEveryMs: 100, log, signal }
    const gateway = await startGateway({ ...usual, ...options })
    gateways.push(gateway)
    return { gateway, log }
  }

  /** Opens the page; an error in it, a console error or a request to anybody else fails the test. */
  async function open(gateway: Gateway, runId?: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text())
    })
    page.on('request', (request) => {
      if (new URL(request.url()).port !== String(gateway.port)) errors.push(`foreign request ${request.url()}`)
    })
    await page.goto(runId ? `${gateway.url}&run=${runId}` : gateway.url)
    await page.waitForFunction(() => document.body.dataset.caughtUp)
    return page
  }

  const counted = (page: Page) => page.locator('#message-count').textContent()
  const shows = (page: Page, count: number) =>
    until(`the page shows ${count}`, async () => (await counted(page)) === String(count))

  return {
    start,
    open,
    counted,
    shows,
    errors,
    publish: (entries: readonly StoredEntry[]) => publish(entries),
    newPage: (options: Parameters<Browser['newPage']>[0] = {}) => browser.newPage(options),
  }
}
