/**
 * `npm run bench:page -- [--messages 20000] [--viewers 50] [--rate 100]`: the live page of a long run in a real Chromium, while
 * others watch the same run. Prints when the page paints, when a search is drawn, what the gateway used, and how agents publish
 * with and without viewers.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type RawData, WebSocket } from 'ws'
import type { Bus, StoredEntry } from '../../bus/mod.ts'
import { Progress } from '../../schemas/messages/run.ts'
import { findBrowser, launchBrowser } from '../support/browser.ts'
import { withServer } from '../support/nats.ts'
import { createTracePublisher } from '../support/publish-trace.ts'
import { traceLog } from '../support/trace-log.ts'

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    viewers: { type: 'string', default: '50' },
    /** Messages that agents publish in a second while it is measured. */
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '8' },
  },
})
const [messages, viewers, rate, seconds] = [values.messages, values.viewers, values.rate, values.seconds].map(
  Number,
) as [number, number, number, number]
const runId = 'long-run'
const token = 'bench'

/** The beginning of a run that is as long. */
function longLog(): StoredEntry[] {
  for (let rows = 10_000; ; rows *= 2) {
    const log = traceLog({ runId, rows, shardSize: 6, generators: 4, progressEvery: 2 })
    if (log.length >= messages) return log.slice(0, messages)
  }
}

const cpuSeconds = (pid: number) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** Somebody who watches the run and draws nothing. `caughtUp` rejects when it is sent away. */
function watch(port: number) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws?token=${token}&run=${runId}`)
  const caughtUp = new Promise<void>((resolve, reject) => {
    socket.on('message', (data: RawData) => {
      const text = String(data)
      if (text.startsWith('{"type":"caught-up"')) resolve()
    })
    socket.on('close', (code) => reject(new Error(`a viewer was sent away: ${code}`)))
    socket.on('error', reject)
  })
  caughtUp.catch(() => {})
  return { socket, caughtUp }
}

let published = 0
/** What agents publish in so many seconds at the rate asked for, and how long a message takes. */
async function publishing(bus: Bus): Promise<{ perSecond: number; medianMs: number; p95Ms: number }> {
  const times: number[] = []
  const began = performance.now()
  const progress = { role: 'trainer-bridge' as const, instance: 'trainer-bridge-1', phase: 'infer' as const }
  let pending: Promise<unknown>[] = []
  while (performance.now() - began < seconds * 1000) {
    const due = Math.floor(((performance.now() - began) / 1000) * rate)
    for (; pending.length < due; ) {
      const at = performance.now()
      published += 1
      const sent = bus.publish(
        Progress,
        { runId, id: `bench-${published}` },
        { ...progress, done: published, total: 1e6 },
      )
      pending.push(sent.then(() => times.push(performance.now() - at)))
    }
    await sleep(2)
  }
  await Promise.all(pending)
  pending = []
  times.sort((one, other) => one - other)
  const at = (share: number) => times[Math.floor(share * (times.length - 1))]!
  return { perSecond: (times.length * 1000) / (performance.now() - began), medianMs: at(0.5), p95Ms: at(0.95) }
}

const executable = findBrowser()
if (!executable) throw new Error('There is no Chromium or Chrome here. Install one, or set CHROMIUM_PATH.')
await using server = await withServer()
const publish = createTracePublisher(server)
const log = longLog()
await publish(log.slice(0, 2000))
for (let at = 2000; at < log.length; at += 200)
  await Promise.all(log.slice(at, at + 200).map((entry) => publish([entry])))
const agent = await server.open('trainer-bridge')

const gateway = fork(join(import.meta.dirname, '../support/gateway-process.ts'), { execArgv: ['--expose-gc'] })
gateway.send({
  ...{ servers: server.url, credentials: server.credentials.gateway },
  gateway: { token, port: 0, maxViewers: viewers + 10, runsEveryMs: 1000 },
})
const [{ port }] = (await once(gateway, 'message')) as [{ port: number }]
const rounded = (report: object) =>
  Object.fromEntries(Object.entries(report).map(([key, value]) => [key, Number(Number(value).toFixed(2))]))
const print = (what: string, report: object) => console.log(what, JSON.stringify(rounded(report)))

print('without viewers', await publishing(agent))
const began = performance.now()
const cpu = cpuSeconds(gateway.pid!)
const others = Array.from({ length: viewers - 1 }, () => watch(port))
await Promise.all(others.map(({ caughtUp }) => caughtUp))
print(`${viewers - 1} viewers caught up with ${messages} messages`, {
  seconds: (performance.now() - began) / 1000,
  gatewayCpuSeconds: cpuSeconds(gateway.pid!) - cpu,
})

const browser = await launchBrowser(executable)
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
for (const visit of ['first', 'second']) {
  await page.goto(`http://127.0.0.1:${port}/?token=${token}&run=${runId}`)
  await page.waitForFunction(() => document.body.dataset.caughtUp)
  print(
    `${visit} visit`,
    await page.evaluate(() => {
      const paint = performance.getEntriesByName('first-contentful-paint')[0]!.startTime
      return { firstPaintMs: paint, caughtUpMs: performance.now() }
    }),
  )
}
await page.click('#tab-messages')
for (const words of ['generator', 'attempt-2', 'shard', 'nothing like it', '']) {
  const { shown, ms } = await page.evaluate(async (text) => {
    const search = document.querySelector<HTMLInputElement>('[aria-label="Filter messages"]')!
    const from = performance.now()
    search.value = text
    search.dispatchEvent(new Event('input'))
    const drawn = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
    await drawn()
    const first = document.querySelector('#messages .row')?.getAttribute('aria-setsize') ?? '0'
    return { shown: Number(first), ms: performance.now() - from }
  }, words)
  print(`search "${words}"`, { shown, ms })
}
print(`with ${viewers} viewers`, await publishing(agent))
const away = others.filter(({ socket }) => socket.readyState !== socket.OPEN).length
for (const { socket } of others) socket.terminate()
await browser.close()
print('without viewers', await publishing(agent))
print('sent away', { viewers: away })
gateway.kill()
