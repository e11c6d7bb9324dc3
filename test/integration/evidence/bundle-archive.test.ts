import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as tar from 'tar'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runId } from '../../../cli/options/option-parsers.ts'
import { bundleVersion } from '../../../evidence/bundle/manifest.ts'
import { openBundle } from '../../../evidence/bundle/read.ts'
import { openArchive } from '../../../evidence/bundle/unpack.ts'
import { renderError } from '../../../launcher/console/render-error.ts'
import { sha256 } from '../../../schemas/hash.ts'
import { LogEntry } from '../../../schemas/log-entry.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-archives-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const mebibyte = 1024 ** 2
const zeros = (mebibytes: number) => Buffer.alloc(mebibytes * mebibyte)
const ending = Buffer.alloc(1024)

/** A file of an archive, its header first. `size`: what the header says. */
function entry(
  path: string,
  content: Buffer | string = '',
  type: tar.types.EntryTypeName = 'File',
  size?: number,
): Buffer {
  const bytes = Buffer.from(content)
  const block = Buffer.alloc(512)
  const linkpath = type === 'SymbolicLink' || type === 'Link' ? '/etc/passwd' : ''
  new tar.Header({ path, type, size: size ?? bytes.length, mode: 0o644, mtime: new Date(0), linkpath }).encode(block)
  return Buffer.concat([block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])
}

/** A pax header with a path that the file behind it then has. */
function longName(path: string): Buffer {
  const record = ` path=${path}\n`
  let length = record.length + 1
  while (String(length).length + record.length !== length) length++
  return entry('PaxHeader', `${length}${record}`, 'ExtendedHeader')
}

async function packed(parts: readonly Buffer[], zip: (bytes: Buffer) => Buffer = gzipSync): Promise<string> {
  const file = join(folder, 'archive.tar.gz')
  await writeFile(file, zip(Buffer.concat(parts)))
  return file
}

const manifest = entry('manifest.json', '{}')

describe('an archive is unpacked', () => {
  test.each([
    ['with gzip', gzipSync],
    ['without', (bytes: Buffer) => bytes],
  ])('%s: every file whole, however long its bytes and its name', async (_, zip) => {
    const long = `objects/${'a'.repeat(200)}`
    const contents = new Map([
      ['manifest.json', Buffer.from('{}')],
      ['objects/empty', Buffer.alloc(0)],
      ['objects/large', Buffer.from(Array.from({ length: 100_000 }, (_, n) => `${n} `).join(''))],
      [long, Buffer.from('x')],
    ])
    const parts = [...contents].map(([path, bytes]) =>
      path === long ? Buffer.concat([longName(path), entry('short', bytes)]) : entry(path, bytes),
    )
    await using archive = await openArchive(await packed([...parts, ending], zip))
    const files = [...contents].map(([path, bytes]) => [path, { sha256: sha256(bytes), bytes: bytes.length }])
    expect([...archive.files]).toEqual(files)
    for (const [path, bytes] of contents) {
      expect(Buffer.concat(await Array.fromAsync(archive.pieces(path)))).toEqual(bytes)
    }
  })
})

describe('an archive that is none is refused at the first thing that is wrong', () => {
  const files = (count: number) => Array.from({ length: count }, (_, n) => entry(`objects/${n}`))
  test.each<[string, () => readonly Buffer[], RegExp]>([
    ['a link', () => [entry('objects/a', '', 'SymbolicLink')], /objects\/a in it is no plain file/],
    ['a hard link', () => [entry('objects/a', '', 'Link')], /no plain file/],
    ['a pipe', () => [entry('objects/a', '', 'FIFO')], /no plain file/],
    ['a device', () => [entry('objects/a', '', 'CharacterDevice')], /no plain file/],
    ['a folder', () => [entry('objects', '', 'Directory')], /no plain file/],
    ['a file with holes', () => [entry('objects/a', 'x', 'SparseFile')], /no plain file/],
    ['a path out of it', () => [entry('../a')], /\.\.\/a in it is no path/],
    ['an absolute path', () => [entry('/etc/a')], /no path/],
    ['a path with a backslash', () => [entry('objects\\..\\a')], /no path/],
    ['a hidden file', () => [entry('objects/.a')], /no path/],
    ['a name that colours a terminal', () => [entry('objects/\u001b[31ma')], /objects\/\uFFFD\[31ma in it/],
    [
      'a name of two lines',
      () => [entry('name', 'objects/a\nb: fine\0', 'NextFileHasLongPath'), entry('a')],
      /objects\/a\uFFFDb: fine in it/,
    ],
    ['a name as long as a book', () => [longName(`../${'a'.repeat(500_000)}`), entry('a')], /^.{0,400}$/],
    [
      'another file before its manifest',
      () => [entry('objects/a'), manifest, ending],
      /objects\/a is its first file, and that of a bundle is manifest.json/,
    ],
    [
      'another file before it, with a name as long as a book',
      () => [longName(`objects/${'a'.repeat(70_000)}`), entry('a'), ending],
      /^.{0,400}$/,
    ],
    ['a file twice', () => [manifest, manifest], /manifest.json is in it twice/],
    [
      'a wrong checksum',
      () => [Buffer.concat([Buffer.from('x'), manifest.subarray(1)])],
      /neither a gzip nor a tar archive/,
    ],
    ['more files than a bundle has', () => [manifest, ...files(65_536)], /more than 65536 files/],
    [
      'a file that is not all there',
      () => [manifest, entry('objects/a', 'x', 'File', 20 * 1024 ** 3)],
      /cut off behind \d+ unpacked bytes, in objects\/a/,
    ],
    ['zeros alone', () => [zeros(30)], /begins with zeros/],
    ['zeros before its files', () => [zeros(30), manifest], /begins with zeros/],
    ['zeros behind its files', () => [manifest, zeros(30)], /belong to no file/],
    [
      'anything behind its files',
      () => [manifest, ending, Buffer.alloc(30 * mebibyte, 'x')],
      /behind the end of the archive, at unpacked byte 2048/,
    ],
    ['a second archive', () => [manifest, ending, entry('objects/a', 'x'), ending], /at unpacked byte 2048/],
    ['a second archive behind zeros', () => [manifest, ending, ending, entry('a'), ending], /at unpacked byte 3072/],
    ['a few bytes', () => [manifest, ending, Buffer.from('hello')], /at unpacked byte 2048/],
    ['a byte behind zeros', () => [manifest, ending, Buffer.alloc(700), Buffer.from('x')], /at unpacked byte 2560/],
    [
      'a second archive in a file of zeros that it ends',
      () => [manifest, entry('objects/a', zeros(1)), ending, manifest, ending],
      new RegExp(`at unpacked byte ${2048 + mebibyte + 512}`),
    ],
    ['headers for no file', () => Array(9000).fill(longName('objects/a')), /belong to no file/],
    ['a header as long as a file', () => [entry('a', zeros(2), 'ExtendedHeader')], /no plain file/],
    ['a file of zeros', () => [manifest, entry('objects/a', zeros(100))], /unpacks to more than the \d+ bytes/],
    ['an archive in an archive', () => [gzipSync(zeros(30))], /packed twice/],
    ['text', () => [Buffer.from('hello')], /neither a gzip nor a tar archive/],
    ['a long text', () => [Buffer.from('hello '.repeat(1000))], /neither a gzip nor a tar archive/],
    ['no end', () => [manifest], /cut off behind \d+ unpacked bytes: the end/],
    ['a damaged head of its second file', () => [manifest, Buffer.alloc(512, 'x'), ending], /tar data is not whole/],
    ['nothing', () => [], /neither a gzip nor a tar archive/],
  ])('%s', async (_, parts, why) => {
    const file = await packed(parts())
    await expect(openArchive(file)).rejects.toThrow(why)
  })

  const whole = Buffer.concat([manifest, ending])
  const zipped = gzipSync(whole)
  test.each<[string, Buffer, RegExp]>([
    ['zeros in gzip, again and again', Buffer.concat(Array<Buffer>(40).fill(gzipSync(zeros(1)))), /begins with zeros/],
    ['a part of its gzip data', zipped.subarray(0, 60), /cut off/],
    ['half a trailer', zipped.subarray(0, -3), /cut off behind 2048 unpacked bytes/],
    [
      'another length than its trailer has',
      Buffer.concat([zipped.subarray(0, -1), Buffer.from([1])]),
      /not whole behind 2048/,
    ],
    [
      'an empty member behind it',
      Buffer.concat([zipped, gzipSync('')]),
      /behind .*, at byte \d+ of the file: 20 bytes.*second/,
    ],
    ['itself again', Buffer.concat([zipped, zipped]), /a second gzip member/],
    ['a text behind it', Buffer.concat([zipped, Buffer.from('hello')]), /of the file: 5 bytes$/],
    ['zeros behind it', Buffer.concat([zipped, Buffer.alloc(512)]), /of the file: 512 bytes$/],
    ['one byte behind it', Buffer.concat([zipped, Buffer.from([0x1f])]), /of the file: 1 bytes/],
    ['much behind it', Buffer.concat([zipped, zeros(5)]), /of the file: 5242880 bytes$/],
    ['its files in two members', Buffer.concat([gzipSync(manifest), gzipSync(ending)]), /cut off|second gzip member/],
    ['a text behind an archive without gzip', Buffer.concat([whole, Buffer.from('hello')]), /at unpacked byte 2048/],
    ['a head of gzip alone', Buffer.from([0x1f, 0x8b]), /cut off at its beginning/],
    [
      'a name of gzip that does not end',
      Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]), Buffer.alloc(100, 'x')]),
      /cut off/,
    ],
  ])('bytes: %s', async (_, bytes, why) => {
    const file = join(folder, 'archive.tar.gz')
    await writeFile(file, bytes)
    await expect(openArchive(file)).rejects.toThrow(why)
  })

  test.each([
    [
      'a name, a comment and more in the head of its gzip data',
      () => {
        const head = Buffer.from([0x1f, 0x8b, 8, 4 + 8 + 16 + 2, 0, 0, 0, 0, 0, 3, 3, 0, 1, 2, 3])
        return Buffer.concat([head, Buffer.from('run.tar\0a comment\0'), Buffer.from([0, 0]), zipped.subarray(10)])
      },
    ],
    [
      'zeros to the end of a record, as other programs write them',
      () => gzipSync(Buffer.concat([whole, Buffer.alloc(8192)])),
    ],
  ])('it may have %s', async (_, bytes) => {
    const file = join(folder, 'archive.tar.gz')
    await writeFile(file, bytes())
    await using archive = await openArchive(file)
    expect([...archive.files.keys()]).toEqual(['manifest.json'])
  })

  test('who trusts an archive may let it unpack to more', async () => {
    const file = await packed([manifest, entry('objects/a', zeros(20)), ending])
    await expect(openArchive(file)).rejects.toThrow('unpacks to more than the 8388608 bytes')
    await using archive = await openArchive(file, 30 * mebibyte)
    expect(archive.files.get('objects/a')?.bytes).toBe(20 * mebibyte)
  })
})

describe('a person is told what is wrong with the file of a bundle, where, and what to do, in no code of a library', () => {
  const whole = gzipSync(Buffer.concat([manifest, entry('objects/a', randomBytes(300_000)), ending]))
  const changed = (at: number, value: number) => {
    const bytes = Buffer.from(whole)
    bytes.fill(value, at, at + 64)
    return bytes
  }
  test.each<[string, Buffer, RegExp]>([
    [
      'cut in the middle',
      whole.subarray(0, 150_000),
      /is damaged: it is cut off behind \d+ unpacked bytes, in objects\/a/,
    ],
    ['cut in its head', whole.subarray(0, 8), /is damaged: it is cut off at its beginning/],
    ['cut at its end', whole.subarray(0, -4), /is damaged: it is cut off/],
    ['a hole of zeros', changed(150_000, 0), /is damaged: its gzip data is not whole/],
    ['changed bytes', changed(20, 255), /is damaged: its gzip data is not whole/],
    ['zeros', Buffer.alloc(5000), /is damaged: it begins with zeros/],
    ['packed zeros', gzipSync(Buffer.alloc(5000)), /is damaged: it begins with zeros/],
    ['nothing', Buffer.alloc(0), /it is empty/],
    ['a page of HTML', Buffer.from('<html>404</html>'.repeat(99)), /it is neither a gzip nor a tar archive/],
    ['JSON', Buffer.from('{"a": 1}'), /it is neither a gzip nor a tar archive/],
    ['a packed text', gzipSync('hello'.repeat(999)), /it is neither a gzip nor a tar archive/],
    ['a zip', Buffer.from('PK\u0003\u0004'.repeat(999)), /it is neither a gzip nor a tar archive/],
  ])('%s', async (_, bytes, what) => {
    const file = join(folder, 'archive.tar.gz')
    await writeFile(file, bytes)
    const error = await openBundle(file).catch((thrown: unknown) => thrown)
    const { text, exitCode } = renderError(error)
    expect(text).toMatch(what)
    expect(text).toContain(file)
    expect(text).toContain('npx syllabus bundle <run>')
    expect(text).not.toMatch(/TAR_|Z_|ERR_|ENOENT|unexpected end/)
    expect(exitCode).toBe(2)
  })

  test.each<[string, RegExp]>([
    ['.', /it is a folder, and a bundle is one file/],
    ['nowhere.tar.gz', /There is no file .*nowhere.tar.gz/],
    ['nowhere/a.tar.gz', /There is no file/],
  ])('%s', async (name, what) => {
    const error = await openBundle(join(folder, name)).catch((thrown: unknown) => thrown)
    expect(renderError(error)).toMatchObject({ text: expect.stringMatching(what), exitCode: 2 })
  })

  test.each(['bundle.tar.gz', './run', '/tmp/run', 'a\\b'])(
    'a command that reads a run by its id is told an archive from it: %s',
    (name) => {
      expect(() => runId(name)).toThrow('npx syllabus verify <archive>')
      expect(runId('my-run-2')).toBe('my-run-2')
      expect(() => runId('My run')).toThrow('lower-case letters')
    },
  )
})

describe('a bundle whose parts are more than is read is refused by name', () => {
  const bundle = async (parts: Record<string, string>) =>
    packed([...Object.entries(parts).map(([path, text]) => entry(path, text)), ending])
  const whole = `{"version":${bundleVersion},"runId":"aa","names":{},"missing":[],"files":{}}`
  test.each([
    ['deep', '['.repeat(200_000), 'it nests deeper than 192 levels'],
    ['wide', `[${'{},'.repeat(5_000_000)}1]`, 'it holds more than 4000000 values'],
  ])('a manifest that is %s', async (_, text, why) => {
    const file = await bundle({ 'manifest.json': text })
    await expect(openBundle(file, 100 * mebibyte)).rejects.toThrow(`manifest.json is not read: ${why}`)
  })

  test('a line of the log that is deep, long or empty', async () => {
    const line = (payload: string) =>
      `{"seq":1,"at":"a","name":"n","from":{"role":"a","variant":"b","instance":"c"},"id":"i","cause":null,"payload":${payload}}`
    for (const [text, why] of [
      [line(`${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`), 'log.jsonl, line 2 is not read: it nests deeper'],
      [line(`"${'a'.repeat(17 * mebibyte)}"`), 'log.jsonl, line 2 is longer than a record may be'],
      ['', 'log.jsonl, line 2 is empty'],
    ] as const) {
      const file = await bundle({ 'manifest.json': whole, 'log.jsonl': `${line('1')}\n${text}\n${line('2')}\n` })
      await using finalEval = await openBundle(file, 100 * mebibyte)
      await expect(Array.fromAsync(finalEval.lines('log.jsonl', LogEntry))).rejects.toThrow(why)
    }
  })
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
  'nothing of what was unpacked is left after %s',
  async (signal) => {
    const file = await packed([manifest, entry('objects/a', 'x'.repeat(mebibyte)), ending])
    const temporary = join(folder, 'temporary')
    await mkdir(temporary)
    const script = join(folder, 'hold.mjs')
    await writeFile(
      script,
      `import { openArchive } from ${JSON.stringify(new URL('../../../evidence/bundle/unpack.ts', import.meta.url).href)}
       const archive = await openArchive(process.argv[2])
       console.log(archive.files.size)
       setInterval(() => {}, 1000)`,
    )
    const child = spawn(process.execPath, [script, file], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    expect(String((await once(child.stdout, 'data'))[0])).toBe('2\n')
    child.kill(signal)
    expect(await once(child, 'exit')).toEqual([null, signal])
    expect(await readdir(temporary)).toEqual([])
  },
)
