import { closeSync, existsSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { createLog } from '../../agents/kit/log.ts'
import { watchForFullDisk } from '../../bus/full-disk.ts'
import { memoryLog } from '../support/nats.ts'

const line = '[1] [ERR] Filestore [RUN] Critical write error: write /x/1.blk: no space left on device'

test('asks for one restart when a write failed for want of room and there is room again', async () => {
  const log = memoryLog()
  const told: string[] = []
  let restarts = 0
  const watch = watchForFullDisk(tmpdir(), {
    log,
    tell: (line) => told.push(line),
    restart: () => restarts++,
    neededBytes: 0,
  })
  await watch('[1] [ERR] something else')
  expect(restarts).toBe(0)
  await Promise.all([watch(line), watch(line)])
  expect(restarts).toBe(1)
  expect(log.lines.map(({ level }) => level)).toEqual(['error', 'warn'])
  expect(told).toEqual([expect.stringContaining(`${tmpdir()} is full`), expect.stringContaining('room again')])
})

test('does not restart while there is no room', async () => {
  let restarts = 0
  const watching = watchForFullDisk(tmpdir(), {
    log: memoryLog(),
    restart: () => restarts++,
    neededBytes: Number.POSITIVE_INFINITY,
  })(line)
  const settled = await Promise.race([
    watching.then(() => true),
    new Promise((resolve) => setTimeout(resolve, 200, false)),
  ])
  expect([settled, restarts]).toEqual([false, 0])
})

test.skipIf(!existsSync('/dev/full'))('does not end who logs', () => {
  const full = openSync('/dev/full', 'w')
  const log = createLog({}, { destination: full })
  for (const line of ['one', 'two']) log.error(line)
  closeSync(full)
})
