import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import type { Launch } from '../../../agents/kit/launch.ts'
import { startAgent } from '../../../launcher/agent-child.ts'
import { readReport, reportPipe, sendLaunch } from '../../../launcher/launch-channel.ts'

const channel = new URL('../../../launcher/launch-channel.ts', import.meta.url)
/** Prints its launch, and ends when its launcher is gone or the channel is closed. */
const program = `
  import { openLaunchChannel } from ${JSON.stringify(channel.href)}
  const drain = new AbortController()
  const channel = openLaunchChannel(drain.signal, () => drain.abort('the launcher is gone'))
  drain.signal.addEventListener('abort', () => console.log('drained:', drain.signal.reason))
  try { console.log(JSON.stringify(await channel.launch)) } catch (error) { console.log('no launch:', error) }
  if (process.argv[1] === 'close') channel[Symbol.dispose]()`

function start(...args: string[]) {
  const options = ['--input-type=module', '--eval', program, ...args]
  return spawn(process.execPath, options, { stdio: ['pipe', 'pipe', 'inherit'] })
}

test('a launch arrives whole, whatever it holds; what follows it is nobody’s', async () => {
  const launch = { servers: `line\u2028sep\u2029 \n "quoted" ${'x'.repeat(300_000)}` } as Launch
  const child = start('close')
  sendLaunch(child, launch)
  child.stdin.write('and\nmore\n')
  expect(await text(child.stdout)).toBe(`${JSON.stringify(launch)}\n`)
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('an agent whose launcher is gone knows it, before and after its launch', async () => {
  const early = start()
  early.stdin.end()
  expect(await text(early.stdout)).toMatch(/^drained: the launcher is gone\nno launch: the launcher is gone\n$/)
  const late = start()
  sendLaunch(late, { servers: 'a' } as Launch)
  late.stdin.end()
  expect(await text(late.stdout)).toBe('{"servers":"a"}\ndrained: the launcher is gone\n')
})

test('an agent has no channel on which a line of its own could end its supervisor', async () => {
  const child = startAgent({ role: 'critic', variant: 'rules', instance: 'a' }, 'inherit')
  expect(child.channel ?? null).toBeNull()
  child.kill('SIGKILL')
  await once(child, 'close')
})

/** What the launcher reads of a process that runs this code. */
async function reportOf(code: string) {
  const text = `import { sendReport } from ${JSON.stringify(channel.href)}\nimport { writeSync } from 'node:fs'\n${code}`
  const options = ['--input-type=module', '--eval', text]
  const child = spawn(process.execPath, options, { stdio: ['ignore', 'ignore', 'inherit', ...reportPipe] })
  const report = readReport(child)
  await once(child, 'close')
  return report()
}

test('an agent reports why it cannot work, whatever it says', async () => {
  expect(await reportOf("sendReport({ reason: 'a\\nb\u2028 \"c\"', fix: 'Do this.' })")).toEqual({
    reason: 'a\nb\u2028 "c"',
    fix: 'Do this.',
  })
  const long = await reportOf("sendReport({ reason: '\\t'.repeat(1e6) })")
  expect(long?.reason).toMatch(/^\t{1000,}$/)
  expect(await reportOf("sendReport({ reason: 'first' }); sendReport({ reason: 'second' })")).toEqual({
    reason: 'first',
  })
})

test.each([
  ['nothing', ''],
  ['no JSON', "writeSync(3, 'planted\\n')"],
  ['no JSON, then a report', "writeSync(3, 'planted\\n'); sendReport({ reason: 'late' })"],
  ['no report', 'writeSync(3, \'{"cmd":"NODE_HANDLE"}\\n\')'],
  ['null', "writeSync(3, 'null\\n')"],
  ['reason of another kind', 'writeSync(3, \'{"reason":1}\\n\')'],
  ['half a line', 'writeSync(3, \'{"reason":"a"}\')'],
  ['no text', 'writeSync(3, Buffer.from([255, 0, 254, 10]))'],
  ['more than a line may be long', "writeSync(3, JSON.stringify({ reason: 'x'.repeat(70_000) }) + '\\n')"],
  ['megabytes without a line', "for (let i = 0; i < 64; i++) writeSync(3, 'x'.repeat(65536)); writeSync(3, '\\n')"],
  ['deep JSON', "writeSync(3, '['.repeat(60_000) + '\\n')"],
])('%s is no report, and ends nobody', async (_, code) => {
  expect(await reportOf(code)).toBeUndefined()
})
