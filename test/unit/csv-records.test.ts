import { describe, expect, test } from 'vitest'
import { readRecords } from '../../tasks/importers/records.ts'
import { importFolder } from '../support/import-folder.ts'

async function read(name: string, content: string | Uint8Array) {
  await using folder = await importFolder()
  const records = await Array.fromAsync(readRecords(await folder.put(name, content)))
  return records.map((record) => ('value' in record ? record.value : record.problem))
}
const refusal = (name: string, content: string | Uint8Array) =>
  read(name, content).then(
    () => 'read',
    (error: Error) => error.message,
  )
const rows = (line: (at: number) => string, end = '\n') =>
  Array.from({ length: 4 }, (_, at) => `${line(at)}${end}`).join('')

describe('tables are read as pandas reads them', () => {
  const question = 'What, "so" it; is | that?'
  const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`
  test.each([
    [',', 'a.csv'],
    [';', 'a.csv'],
    ['\t', 'a.csv'],
    ['|', 'a.csv'],
    ['\t', 'a.tsv'],
    [',', 'a.tsv'],
    [',', 'a.txt'],
    [';', 'data.txt'],
    ['\t', 'a.tab'],
    ['|', 'a.psv'],
    [',', 'table'],
  ])('cells between %j in %s, with and without a mark, CRLF or blank lines', async (apart, name) => {
    const text = `question${apart}answer\n${rows((at) => `${quoted(question)}${apart}${quoted(`${at},5`)}`)}`
    const wanted = [0, 1, 2, 3].map((at) => ({ question, answer: `${at},5` }))
    for (const form of [
      text,
      `\ufeff${text}`,
      text.replaceAll('\n', '\r\n'),
      text.replaceAll('\n', '\r'),
      text.replaceAll('\n', '\n\n'),
    ]) {
      expect(await read(name, form)).toEqual(wanted)
    }
  })

  test.each([
    ['a 5" pipe,1 cm', 'a 5" pipe', '1 cm'],
    ['5" to 6",6"', '5" to 6"', '6"'],
    ['"a 5"" pipe, wide",1', 'a 5" pipe, wide', '1'],
    ['"wide" pipe,1', 'wide pipe', '1'],
    ['"a, b" and "c",1', 'a, b and "c"', '1'],
    ['a, b', 'a', 'b'],
    ['"a, b", "c, d"', 'a, b', 'c, d'],
    ['"tail" ,1', 'tail', '1'],
    ['\\"x\\",C:\\dir', '\\"x\\"', 'C:\\dir'],
    ['"one\ntwo",1', 'one\ntwo', '1'],
    ['# a,1', '# a', '1'],
    ['a,NA', 'a', 'NA'],
    ['a,null', 'a', 'null'],
    ['a,NaN', 'a', 'NaN'],
    ['a,007.50', 'a', '007.50'],
    ['a,', 'a', ''],
    ['a', 'a', ''],
    ['a,b,', 'a', 'b'],
    ['"""a""",b', '"a"', 'b'],
  ])('%j', async (line, question, answer) => {
    expect(await read('a.csv', `question,answer\nx,y\nz,w\n${line}\n`)).toEqual([
      { question: 'x', answer: 'y' },
      { question: 'z', answer: 'w' },
      { question, answer },
    ])
  })

  test('a semicolon in some cells parts nothing; a comma in each cell of a table of semicolons neither', async () => {
    expect(await read('a.csv', `question,answer\n${rows((at) => `a; b; ${at},x`)}`)).toHaveLength(4)
    expect((await read('b.csv', `question;answer\n${rows((at) => `Well, ${at}, so;a, b`)}`))[1]).toEqual({
      question: 'Well, 1, so',
      answer: 'a, b',
    })
    expect((await read('c.csv', `question, long;answer, short\n${rows((at) => `Well, ${at};0,5`)}`))[1]).toEqual({
      'question, long': 'Well, 1',
      'answer, short': '0,5',
    })
  })

  test('an index and a column at the end have no names of their own', async () => {
    expect((await read('a.csv', ',question,answer,\n0,a,b,\n'))[0]).toEqual({
      'Unnamed: 0': '0',
      question: 'a',
      answer: 'b',
      'Unnamed: 3': '',
    })
  })

  test('a row with more cells than the header is left out', async () => {
    expect(await read('a.csv', 'question,answer\na,b\nc,d\ne,f,g\n')).toEqual([
      expect.anything(),
      expect.anything(),
      'not a CSV row of this file',
    ])
  })
})

describe('tables that are refused', () => {
  const text = `question,answer\n${rows((at) => `q${at},a`)}`
  test.each([
    [
      'more cells than names',
      `question,answer\n${rows((at) => `${at},q,a`)}`,
      "Most rows have more cells than the header, which is 'question,answer'",
    ],
    [
      'a quote that never closes',
      `question,answer\nq,a\n"q,a\n${rows(() => 'q,a')}`,
      'A quote that opens behind line 2 never closes',
    ],
    ['two columns of one name', 'question,answer,answer\nq,a,b\n', "Two columns are named 'answer'"],
    ['UTF-16 with a mark', Buffer.from(`\ufeff${text}`, 'utf16le'), 'UTF-16'],
    ['UTF-16 without one', Buffer.from(text, 'utf16le'), 'UTF-16'],
    ['Latin-1', Buffer.from(`question,answer\né,a\n`, 'latin1'), 'not UTF-8'],
  ])('%s', async (_what, content, message) => {
    expect(await refusal('a.csv', content)).toContain(message)
  })

  test('one without a header, with its columns named', async () => {
    await using folder = await importFolder()
    const source = await folder.put(
      'a.csv',
      rows((at) => `What is ${at}?,leaf,root,seed,A`),
    )
    const error = await folder.refused('csv', source)
    expect(error.message).toContain("the columns are 'What is 0?', 'leaf', 'root', 'seed', 'A'")
    const letters = await folder.put(
      'b.csv',
      rows((at) => `text,${'ABAB'[at]}`),
    )
    expect((await folder.refused('csv', letters)).message).toContain(
      "so the first line is a record; the columns are 'text', 'A'",
    )
  })
})
