import { describe, expect, test } from 'vitest'
import { readRecords } from '../../../tasks/importers/records.ts'
import { importFolder, times } from '../../support/import-folder.ts'

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

  const numbered = (from: number, make: (at: number) => string) => times(12, (at) => make(at + from)).join('\n')
  test.each([
    ['a question and a number', numbered(1, (at) => `What is ${at} plus 1?,${at + 1}`), 'What is 1 plus 1?', '2'],
    ['a sum and a number', numbered(1, (at) => `${at}+1,${at + 1}`), '1+1', '2'],
    [
      'a question and a text',
      numbered(0, (at) => `Who wrote book ${at}?,Author ${'abcdefghijkl'[at]}`),
      'Who wrote book 0?',
      'Author a',
    ],
    ['a question with commas', numbered(1, (at) => `"Well, what is ${at}?",x${at}`), 'Well, what is 1?', 'x1'],
    ['semicolons', numbered(1, (at) => `Wie viel ist ${at} mal 2?;${at * 2},5`), 'Wie viel ist 1 mal 2?', '2,5'],
    ['an index before them', numbered(1, (at) => `${at},How many are ${at}?,w${at}`), 'How many are 1?', 'w1'],
    ['another script', numbered(1, (at) => `${at}加一是多少？,答${at}`), '1加一是多少？', '答1'],
    [
      'an instruction',
      numbered(1, (at) => `Translate the number ${at},word ${at}`),
      'Translate the number 1',
      'word 1',
    ],
    [
      'tickets',
      numbered(1, (at) => `My invoice number ${at} is wrong.,Queue ${at}`),
      'My invoice number 1 is wrong.',
      'Queue 1',
    ],
    ['money', numbered(1, (at) => `Price ${at}?,$${at}.50`), 'Price 1?', '$1.50'],
    [
      'a question with No',
      numbered(1, (at) => `Is ${at} prime?,${at === 1 ? 'No' : `Yes ${at}`}`),
      'Is 1 prime?',
      'No',
    ],
  ])('one without a header whose columns are called by its first record: %s', async (_, content, question, answer) => {
    await using folder = await importFolder()
    const source = await folder.put('a.csv', content)
    const { message } = await folder.refused('csv', source, { options: { question, answer } })
    expect(message).toContain('the first line is a record'.slice(1))
    expect(message).toContain('Write a line with the names of the columns before it.')
  })

  test.each([
    ['usual names', 'question,answer', 'question', 'answer'],
    ['names of its own', 'ask,gold_text', 'ask', 'gold_text'],
    ['a question as a name', 'What did the customer write?,Which team?', 'What did the customer write?', 'Which team?'],
    [
      'long names',
      'Text of the first message,Team that has to answer',
      'Text of the first message',
      'Team that has to answer',
    ],
    ['numbers as names', '0,1', '0', '1'],
  ])('a header is one: %s', async (_, header, question, answer) => {
    await using folder = await importFolder()
    const source = await folder.put(
      'a.csv',
      `${header}\n${numbered(1, (at) => `Invoice ${at} is wrong.,Billing ${at}`)}\n`,
    )
    expect((await folder.import('csv', source, { options: { question, answer } })).log).toMatchObject({
      read: 12,
      kept: 12,
    })
  })
})

describe('answers that are numbers, where no scorer is named', () => {
  const hint = expect.stringContaining('--scorer numeric')
  test.each([
    ['whole', (at: number) => `${at}`, true],
    ['decimal', (at: number) => `${at}.50`, true],
    ['money', (at: number) => `$1,${100 + at}`, true],
    ['per cent', (at: number) => `${at} %`, true],
    ['fractions', (at: number) => `${at}/7`, true],
    ['negative', (at: number) => `-${at}`, true],
    ['texts', (at: number) => `word ${at}`, false],
    ['codes', (at: number) => `0${100 + at}`, false],
    ['two labels', (at: number) => `${at % 2}`, false],
  ])('%s', async (_, gold, isHinted) => {
    await using folder = await importFolder()
    const source = await folder.put(
      'a.csv',
      `question,answer\n${times(40, (at) => `How many ${at}?,"${gold(at)}"`).join('\n')}\n`,
    )
    const { log, task } = await folder.import('csv', source)
    expect(task.scorer.name).toBe('exact')
    if (isHinted) expect(log.notes).toContainEqual(hint)
    else expect(log.notes).not.toContainEqual(hint)
    const named = await folder.import('csv', source, { options: { scorer: 'exact' } })
    expect(named.log.notes).not.toContainEqual(hint)
  })
})
