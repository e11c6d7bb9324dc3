import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { PbfReader } from 'pbf'
import { expect, test } from 'vitest'
import { appendAt, cutTo } from '../../../trackers/appended-file.ts'
import { crc32c, eventBytes } from '../../../trackers/tensorboard/event-file.ts'
import { recordsAt, type WandbRecord } from '../../../trackers/wandb/run-file.ts'

test('what stands behind the noted length is cut off before more is written', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-append-'))
  const path = join(folder, 'deep', 'file')
  const text = (value: string) => new TextEncoder().encode(value)
  const length = await appendAt(path, 0, text('abc'))
  await writeFile(path, 'abcdefgh')
  expect(await appendAt(path, length, text('X'))).toBe(4)
  expect(await readFile(path, 'utf8')).toBe('abcX')
  expect(await cutTo(path, 2)).toBe(true)
  expect(await readFile(path, 'utf8')).toBe('ab')
  expect(await cutTo(path, 5)).toBe(false)
  expect(await cutTo(join(folder, 'none'), 0)).toBe(false)
  await rm(folder, { recursive: true })
})

test.each([
  ['123456789', 0xe3069283],
  ['', 0],
  ['a', 0xc1d04330],
])('the CRC-32C of "%s" is that of the standard', (text, crc) => {
  expect(crc32c(new TextEncoder().encode(text))).toBe(crc)
})

test('an event is framed by its length, and holds its step and values', () => {
  const bytes = Buffer.from(eventBytes(12.5, 7, { scalars: { 'validation/strict': 0.25 } }))
  const length = Number(bytes.readBigUInt64LE(0))
  expect(bytes.length).toBe(length + 16)
  const found = new PbfReader(bytes.subarray(12, 12 + length)).readFields(
    (field, into: { wall?: number; step?: number }, event) => {
      if (field === 1) into.wall = event.readDouble()
      if (field === 2) into.step = event.readVarint()
    },
    {},
  )
  expect(found).toEqual({ wall: 12.5, step: 7 })
})

/** The data of each entry, as LevelDB's log format has it, with its checks. */
function entriesOf(file: Buffer): Buffer[] {
  const entries: Buffer[] = []
  let parts: Buffer[] = []
  for (let at = 7; at < file.length; ) {
    const left = 32_768 - (at % 32_768)
    if (left < 7) {
      at += left
      continue
    }
    const [length, kind] = [file.readUInt16LE(at + 4), file.readUInt8(at + 6)]
    const data = file.subarray(at + 7, at + 7 + length)
    expect(file.readUInt32LE(at)).toBe(crc32(data, crc32(Buffer.from([kind]))))
    parts.push(data)
    at += 7 + length
    if (kind === 1 || kind === 4) {
      entries.push(Buffer.concat(parts))
      parts = []
    }
  }
  expect(parts).toEqual([])
  return entries
}

test.each([1, 100, 32_740, 32_754, 32_761, 70_000])(
  'a record of about %i bytes is read back, wherever blocks end',
  (size) => {
    const record = (text: string): WandbRecord => ({ type: 'summary', values: { text } })
    const first = recordsAt(0, 1, [record('x'.repeat(size))], '0')
    // In two pieces, as a run is written, is the same as in one.
    const whole = Buffer.concat([first, recordsAt(first.length, 2, [record('y'.repeat(size)), record('z')], '0')])
    expect(whole).toEqual(recordsAt(0, 1, [record('x'.repeat(size)), record('y'.repeat(size)), record('z')], '0'))
    expect(whole.subarray(0, 4).toString()).toBe(':W&B')
    const entries = entriesOf(whole)
    expect(entries).toHaveLength(4)
    const numbers = entries
      .slice(1)
      .map((data) =>
        new PbfReader(data).readFields(
          (field, into: number[], own) => void (field === 1 && into.push(own.readVarint())),
          [],
        ),
      )
    expect(numbers).toEqual([[1], [2], [3]])
    expect(entries[1]!.includes('x'.repeat(size))).toBe(true)
  },
)
