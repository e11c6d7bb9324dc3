import { readdir, readFile, symlink } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { importers, importTask } from '../../../tasks/importers/mod.ts'
import { type ImportFolder, importFolder, jsonLines, times } from '../../support/import-folder.ts'

const rows = times(24, (index) => ({ question: `What is ${index}?`, answer: `${index}` }))
const finance = times(24, (index) => ({ question: `Sum ${index}?`, context: '', ground_truth: index, level: 'hard' }))
const columnData = (['question', 'answer'] as const).map((name) => ({
  name,
  data: rows.map((row) => row[name]),
  type: 'STRING' as const,
}))
const parquet = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 6 }))

describe('text of any kind is read', () => {
  test('a byte-order mark and CRLF, in JSON Lines, in an array and in CSV', async () => {
    await using folder = await importFolder()
    const crlf = (text: string) => `\ufeff${text.replaceAll('\n', '\r\n')}`
    const sources: [string, string][] = [
      ['jsonl', await folder.put('a.jsonl', crlf(jsonLines(rows)))],
      ['jsonl', await folder.put('a.json', crlf(JSON.stringify(rows, null, 2)))],
      [
        'csv',
        await folder.put(
          'a.csv',
          crlf(`question,answer\n${rows.map((row) => `${row.question},${row.answer}\n`).join('')}`),
        ),
      ],
    ]
    for (const [format, source] of sources) {
      const { log, items } = await folder.import(format, source)
      expect(log).toMatchObject({ read: 24, kept: 24 })
      expect(items.every(({ answer }) => /^\d+$/.test(answer))).toBe(true)
    }
  })

  test('a last line without an end, blank lines, and U+2028 inside a line', async () => {
    await using folder = await importFolder()
    const text = `\n${jsonLines(rows)}\n \n{"question":"one\u2028line?","answer":"yes"}`
    const { log } = await folder.import('jsonl', await folder.put('a.jsonl', text))
    expect(log).toMatchObject({ read: 25, kept: 25 })
  })

  test('a skill with the name of what every object has', async () => {
    await using folder = await importFolder()
    const text = jsonLines(rows.map((row) => ({ ...row, topic: 'constructor' })))
    const { log } = await folder.import('jsonl', await folder.put('a.jsonl', text), { options: { skill: 'topic' } })
    expect(log).toMatchObject({ read: 24, kept: 24 })
  })

  test('NaN and Infinity beside a gold are read; as a gold they are left out', async () => {
    await using folder = await importFolder()
    const lines = finance.map((row, index) => JSON.stringify({ ...row, difficulty: index }))
    lines[3] = lines[3]!.replace('"difficulty":3', '"difficulty":NaN')
    lines[4] = lines[4]!.replace('"ground_truth":4', '"ground_truth":NaN')
    lines[5] = lines[5]!.replace('"ground_truth":5', '"ground_truth":-Infinity')
    const source = await folder.put('hard.json', `[${lines.join(',\n')}]`)
    const { log } = await folder.import('financereasoning', source)
    expect(log).toMatchObject({ read: 24, kept: 22 })
    expect(log.listed.map(({ where }) => where)).toEqual(['hard.json[4]', 'hard.json[5]'])
  })
})

describe('records that cannot be used are counted and listed', () => {
  test('lines of 10 MB, in JSON Lines and in an array', async () => {
    await using folder = await importFolder()
    const long = { question: `Why ${'x'.repeat(10 << 20)}?`, answer: '1' }
    const beside = { question: 'Short?', answer: '2', notes: 'x'.repeat(10 << 20) }
    for (const source of [
      await folder.put('a.jsonl', jsonLines([long, beside, ...rows])),
      await folder.put('a.json', [long, beside, ...rows]),
    ]) {
      const { log } = await folder.import('jsonl', source)
      expect(log).toMatchObject({ read: 26, kept: 25 })
      expect(Object.fromEntries(log.dropped)).toEqual({ 'the question is longer than a million characters': 1 })
    }
  })

  test('lines that are no JSON, no object, cut off, without a question or a gold, or stand twice', async () => {
    await using folder = await importFolder()
    const bad = ['{"question":"cut', '[1,2]', '7', '{"question":" ","answer":"1"}', '{"question":"Gold?"}']
    const twice = ['{"id":"n","question":"First?","answer":"1"}', '{"id":"n","question":"Second?","answer":"1"}']
    const text = `${jsonLines(rows)}${[...bad, ...twice, JSON.stringify(rows[0])].join('\n')}`
    const { log, items } = await folder.import('jsonl', await folder.put('a.jsonl', text), { options: { id: 'id' } })
    expect(log).toMatchObject({ read: 32, kept: 25 })
    expect(Object.fromEntries(log.dropped)).toEqual({
      'not JSON': 1,
      'not a JSON object': 2,
      'no question': 1,
      'no answer': 1,
      'the id stands twice': 1,
      'the question stands twice': 1,
    })
    expect(log.listed[0]).toEqual({ where: 'a.jsonl:25', why: 'not JSON' })
    expect(items.filter(({ input }) => input === rows[0]!.question).length).toBeLessThanOrEqual(1)
  })

  test('bytes that are no UTF-8, in JSON Lines and in an array', async () => {
    await using folder = await importFolder()
    const spanish = Buffer.from(JSON.stringify({ question: '¿Qué es 3?', answer: '3' }), 'latin1')
    const array = JSON.stringify(rows).slice(0, -1)
    for (const source of [
      await folder.put('a.jsonl', Buffer.concat([Buffer.from(jsonLines(rows)), spanish])),
      await folder.put('a.json', Buffer.concat([Buffer.from(`${array},`), spanish, Buffer.from(']')])),
    ]) {
      const { log } = await folder.import('jsonl', source)
      expect(log).toMatchObject({ read: 25, kept: 24 })
      expect(Object.fromEntries(log.dropped)).toEqual({ 'not UTF-8': 1 })
    }
  })

  test('the list is bounded, the counts are not, and import.json has both', async () => {
    await using folder = await importFolder()
    const source = await folder.put('a.jsonl', jsonLines([...rows, ...times(300, () => ({ answer: '1' }))]))
    const { log, read } = await folder.import('jsonl', source)
    expect(log.listed).toHaveLength(50)
    expect(await read('import.json')).toMatchObject({ read: 324, kept: 24, dropped: { 'no question': 300 } })
  })
})

describe('a source that cannot be used is refused, and nothing is left behind', () => {
  const refused = async (folder: ImportFolder, name: string, content: string | Uint8Array, format = 'jsonl') =>
    folder.refused(format, await folder.put(name, content))

  test('a pickle, by its name or by its first bytes, is never loaded', async () => {
    await using folder = await importFolder()
    const pickle = Buffer.from('\x80\x04cos\nsystem\n(S"touch here"\ntR.', 'latin1')
    for (const name of ['a.pkl', 'a.pickle', 'a.jsonl']) {
      expect((await refused(folder, name, pickle)).what).toMatch(/pickle/)
    }
    expect((await refused(folder, 'old.pkl', '(dp0\n.')).what).toMatch(/pickle/)
  })

  test('a Parquet file that is cut off anywhere, or is none', async () => {
    await using folder = await importFolder()
    for (const length of [0, 3, 4, 12, parquet.length >> 1, parquet.length - 9, parquet.length - 1]) {
      const error = await refused(folder, 'a.parquet', parquet.subarray(0, length), 'parquet')
      expect(error.what).toMatch(/empty|Not a Parquet file|Parquet file cannot be read/)
    }
    const garbled = parquet.slice()
    garbled.fill(0xff, 4, parquet.length >> 2)
    expect((await refused(folder, 'b.parquet', garbled, 'parquet')).where).toContain('b.parquet')
  })

  test('a JSON array that is cut off', async () => {
    await using folder = await importFolder()
    const text = JSON.stringify(rows)
    for (const length of [1, 40, text.length - 1]) {
      expect((await refused(folder, 'a.json', text.slice(0, length))).what).toMatch(/cut off/)
    }
    expect((await refused(folder, 'b.json', '[]')).what).toBe('No question could be read')
  })

  test('a JSON array with more behind it, of which nothing would be read', async () => {
    await using folder = await importFolder()
    const text = JSON.stringify(rows)
    for (const more of [text, '{}', ',']) {
      expect((await refused(folder, 'a.json', `${text}\n${more}`)).what).toMatch(/behind the end/)
    }
  })

  test('text in another encoding than UTF-8, where it cannot be left out by the line', async () => {
    await using folder = await importFolder()
    const utf16 = Buffer.from(`\ufeff${jsonLines(rows)}`, 'utf16le')
    expect((await refused(folder, 'a.jsonl', utf16)).what).toBe('The file is UTF-16')
    const table = Buffer.from(`question,answer\n${rows.map((row) => `${row.question},é\n`).join('')}`, 'latin1')
    expect((await refused(folder, 'a.csv', table, 'csv')).what).toBe('The file is not UTF-8')
  })

  test('a table in which two columns have one name', async () => {
    await using folder = await importFolder()
    const table = `question,answer,answer\n${rows.map((row) => `${row.question},${row.answer},0\n`).join('')}`
    expect((await refused(folder, 'a.csv', table, 'csv')).what).toBe("Two columns are named 'answer'")
  })

  test('an archive is not unpacked', async () => {
    await using folder = await importFolder()
    const tar = Buffer.alloc(1024)
    tar.write('../../climbs-out.jsonl')
    tar.write('ustar', 257)
    const zip = Buffer.from('PK\x03\x04\x14\x00../../climbs-out.jsonl', 'latin1')
    for (const [what, content] of [
      ['tar', tar],
      ['zip', zip],
      ['gzip', gzipSync(tar)],
    ] as const) {
      expect((await refused(folder, `a.${what}`, content)).what).toContain(what)
    }
  })

  test('links that lead out of the folder, nowhere, or round in a circle', async () => {
    await using folder = await importFolder()
    const outside = await folder.put('outside/hard.json', finance)
    await folder.put('src/readme.md', 'a copy')
    const link = `${folder.path}/src/hard.json`
    await symlink(outside, link)
    expect((await folder.refused('financereasoning', `${folder.path}/src`)).what).toMatch(/leads out of its folder/)
    await symlink(`${folder.path}/outside`, `${folder.path}/src/data`)
    await folder.put('outside/FinanceReasoning/easy.json', finance)
    expect((await folder.refused('financereasoning', `${folder.path}/src`)).what).toMatch(/leads out of its folder/)
    await folder.put('loop/readme.md', 'a copy')
    await symlink('hard.json', `${folder.path}/loop/hard.json`)
    expect((await folder.refused('financereasoning', `${folder.path}/loop`)).what).toMatch(/ELOOP/)
    await symlink('nowhere.json', `${folder.path}/loop/easy.json`)
    expect((await folder.refused('financereasoning', `${folder.path}/loop`)).what).toMatch(/ENOENT/)
    await folder.put('inside/real.json', finance)
    await symlink('real.json', `${folder.path}/inside/hard.json`)
    expect((await folder.import('financereasoning', `${folder.path}/inside`)).log.kept).toBe(24)
  })

  test('nothing there, a folder for a file, an empty file, something that is no file', async () => {
    await using folder = await importFolder()
    expect((await folder.refused('jsonl', `${folder.path}/none.jsonl`)).what).toMatch(/ENOENT/)
    expect((await folder.refused('scibench', `${folder.path}/none`)).what).toMatch(/ENOENT/)
    expect((await folder.refused('jsonl', folder.path)).what).toMatch(/A folder/)
    expect((await refused(folder, 'empty.jsonl', '')).what).toMatch(/empty/)
    expect((await folder.refused('jsonl', '/dev/null')).what).toMatch(/regular file/)
  })

  test('a folder that is there already is not touched', async () => {
    await using folder = await importFolder()
    const source = await folder.put('a.jsonl', jsonLines(rows))
    const mine = await folder.put('refused/mine.txt', 'mine')
    expect((await folder.refused('jsonl', source)).what).toBe('The folder exists already')
    expect(await readFile(mine, 'utf8')).toBe('mine')
  })

  test('records that lie in an array inside one object', async () => {
    await using folder = await importFolder()
    const wrapped = { version: 1, data: rows }
    for (const text of [JSON.stringify(wrapped), `\ufeff${JSON.stringify(wrapped, null, 2)}`]) {
      const error = await folder.refused('jsonl', await folder.put('a.json', text))
      expect(error.what).toBe('The file is one JSON object; its records lie in the array "data"')
      expect(error.fix).toContain('jq \'.["data"]\' a.json')
    }
    const keyed = await folder.put('b.json', JSON.stringify({ one: rows[0] }, null, 2))
    expect((await folder.refused('jsonl', keyed)).what).toBe('The file is one JSON object over several lines')
  })

  test('an import that is given up', async () => {
    await using folder = await importFolder()
    const source = await folder.put('a.jsonl', jsonLines(rows))
    const importer = importers.find(({ name }) => name === 'jsonl')!
    const giveUp = new AbortController()
    let walks = 0
    const half: typeof importer = {
      ...importer,
      async *items(...given) {
        walks += 1
        for await (const item of importer.items(...given)) {
          if (walks === 2 && item.input.includes('12')) giveUp.abort()
          yield item
        }
      },
    }
    const plan = { seed: 1, audit: 0, seeds: 0, options: {}, alike: () => [], signal: giveUp.signal }
    await expect(importTask(half, source, `${folder.path}/out`, plan)).rejects.toThrow(/aborted/)
    expect(walks).toBe(2)
    expect(await readdir(folder.path)).toEqual(['a.jsonl'])
  })

  test('a source that changes between the two readings', async () => {
    await using folder = await importFolder()
    const importer = importers.find(({ name }) => name === 'jsonl')!
    const source = await folder.put('a.jsonl', jsonLines(rows))
    let walks = 0
    const changing: typeof importer = {
      ...importer,
      async *items(...given) {
        if (++walks === 2) await folder.put('a.jsonl', jsonLines(rows.slice(5)))
        yield* importer.items(...given)
      },
    }
    const plan = { seed: 1, audit: 0, seeds: 0, options: {}, alike: () => [] }
    await expect(importTask(changing, source, `${folder.path}/out`, plan)).rejects.toThrow(/changed while it was read/)
    expect(await readdir(folder.path)).toEqual(['a.jsonl'])
  })
})
