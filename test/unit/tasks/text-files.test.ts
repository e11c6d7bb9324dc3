import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readProgramFile } from '../../../experiments/checks/check-program.ts'
import { readText } from '../../../tasks/files/read-files.ts'
import { readNamedFile } from '../../../tasks/files/read-named-file.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-text-'))
})
afterAll(() => rm(folder, { recursive: true }))

const line = 'Score 1 to 5.\n'
const noTexts: readonly [string, Buffer, string][] = [
  ['Latin-1', Buffer.from(`${line}Größe\n`, 'latin1'), 'It is not UTF-8 (line 2)'],
  ['a character cut off at its end', Buffer.from(`${line}ö`).subarray(0, -1), 'It is not UTF-8 (line 2)'],
  ['half a character', Buffer.from([0xed, 0xa0, 0xbd]), 'It is not UTF-8 (line 1)'],
  ['an overlong sign', Buffer.from([0xc0, 0x80]), 'It is not UTF-8 (line 1)'],
  ['UTF-16 with its mark', Buffer.from(`\ufeff${line}`, 'utf16le'), 'It is not UTF-8 (line 1)'],
  ['UTF-16 without', Buffer.from(line, 'utf16le'), 'It is no text: it holds the character U+0000 (line 1)'],
  ['a NUL', Buffer.from(`${line}a\0b`), 'It is no text: it holds the character U+0000 (line 2)'],
  ['zeros', Buffer.alloc(64), 'It is no text: it holds the character U+0000 (line 1)'],
  ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]), 'It is not UTF-8 (line 1)'],
  ['a PNG', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), 'It is not UTF-8 (line 1)'],
  ['a zip file', Buffer.from('PK\x03\x04', 'latin1'), 'It is no text: it holds the character U+0003 (line 1)'],
  [
    'colours of a terminal',
    Buffer.from('\x1b[1mScore\x1b[0m'),
    'It is no text: it holds the character U+001B (line 1)',
  ],
]

test.each(noTexts)('a file that a person names is refused by name where it is no text: %s', async (_, bytes, why) => {
  await writeFile(join(folder, 'bin.md'), bytes)
  await writeFile(join(folder, 'program.yaml'), 'version: 1\nrubric: bin.md\n')
  const path = join(folder, 'bin.md')
  await expect(readText(folder, 'bin.md')).rejects.toMatchObject({ what: expect.stringContaining(why), where: path })
  await expect(readNamedFile(path, 'program', 'Name one.')).rejects.toThrow(`The program ${path} is not read: ${why}`)
  await expect(readProgramFile(join(folder, 'program.yaml'))).rejects.toThrow(
    `the rubric ${path}, which cannot be read: ${why}`,
  )
})

test.each([
  ['umlauts', 'Größe'],
  ['signs outside the basic plane', 'Score 😀 1 to 5'],
  ['tabs, page breaks and line ends of all systems', 'a\tb\fc\r\nd\re\n'],
  ['a byte-order mark', '\ufeffScore'],
  ['nothing', ''],
])('a text is read as it stands: %s', async (_, text) => {
  await writeFile(join(folder, 'text.md'), text)
  expect(await readText(folder, 'text.md')).toBe(text)
  expect(await readNamedFile(join(folder, 'text.md'), 'program', 'Name one.')).toBe(text)
})
