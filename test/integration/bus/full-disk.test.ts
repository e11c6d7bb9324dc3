import { closeSync, existsSync, openSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { createLog } from '../../../agents/kit/log.ts'
import { watchForFullDisk } from '../../../bus/full-disk.ts'
import { memoryLog } from '../../support/nats.ts'

const line = '[1] [ERR] Filestore [RUN] Critical write error: write /x/1.blk: no space left on device'

test('asks for one restart when a write failed for want of room and there is room again', async () => {
  const log = memoryLog()
  const reported: string[] = []
  let restarts = 0
  const watch = watchForFullDisk(tmpdir(), {
    log,
    notify: (line) => reported.push(line),
    restart: () => restarts++,
    neededBytes: 0,
  })
  await watch('[1] [ERR] something else')
  expect(restarts).toBe(0)
  await Promise.all([watch(line), watch(line)])
  expect(restarts).toBe(1)
  expect(log.lines.map(({ level }) => level)).toEqual(['error', 'warn'])
  expect(reported).toEqual([expect.stringContaining(`${tmpdir()} is full`), expect.stringContaining('room again')])
})

test('what a peer has the server say of its connection is not the disk: nobody restarts the server from outside', async () => {
  let restarts = 0
  const watch = watchForFullDisk(tmpdir(), { log: memoryLog(), restart: () => restarts++, neededBytes: 0 })
  for (const quoted of [
    '[7] 2026/11/30 06:56:02.250747 [ERR] 127.0.0.1:5 - cid:204 - authentication error - User "no space left on device"',
    '[7] 2026/11/30 06:56:02.250747 [ERR] 127.0.0.1:5 - wid:9 - "v1:x" - "LAB/user:a" - Publish Violation - Subject "no space left on device"',
    '[7] 2026/11/30 06:56:02.250747 [ERR] 127.0.0.1:5 - rid:9 - authentication error - User "no space left on device"',
    '[7] 2026/11/30 06:56:02.250747 [ERR] 127.0.0.1:5 - lid:9 - authentication error - User "no space left on device"',
    '[7] 2026/11/30 06:56:02.250747 [ERR] 127.0.0.1:5 - mid:9 - "no space left on device" - bad client ID',
  ])
    await watch(quoted)
  expect(restarts).toBe(0)
})

test('does not restart while there is no room', async () => {
  let restarts = 0
  const watching = watchForFullDisk(tmpdir(), {
    log: memoryLog(),
    restart: () => restarts++,
    neededBytes: Number.POSITIVE_INFINITY,
  })(line)
  // It looks at once, and then every two seconds: it has looked when we have.
  const looked = statfs(tmpdir()).then(() => statfs(tmpdir()))
  const settled = await Promise.race([watching.then(() => true), looked.then(() => false)])
  expect([settled, restarts]).toEqual([false, 0])
})

test.skipIf(!existsSync('/dev/full'))('does not end who logs', () => {
  const full = openSync('/dev/full', 'w')
  const log = createLog({}, { destination: full })
  expect(() => ['one', 'two'].forEach((line) => void log.error(line))).not.toThrow()
  closeSync(full)
})
