import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../../../schemas/hash.ts'
import { halfCharacterIn } from '../../../schemas/printable.ts'
import { readRecords } from '../../../tasks/importers/records.ts'
import { readTask } from '../../../tasks/load.ts'
import { importFolder, jsonLines, times } from '../../support/import-folder.ts'

const rows = times(24, (at) => ({ question: `What is ${at}?`, answer: `${at}` }))
const refusal = (dir: string) =>
  readTask(dir).then(
    () => 'read',
    (error: Error) => error.message,
  )

test.each([
  ['whole', null],
  ['😀 and é', null],
  ['half \ud83d', ''],
  ['\ude00 half', ''],
  ['\ude00\ud83d', ''],
  [{ a: ['x', { b: 'y\udc00' }] }, 'a.1.b'],
  [{ 'k\ud800': 1 }, 'k\ufffd'],
  [7, null],
  [null, null],
])('%j', (value, place) => {
  expect(halfCharacterIn(value)).toBe(place)
})

test('records with half of a character are left out and named, in JSON Lines and in an array', async () => {
  await using folder = await importFolder()
  const half = [
    '{"question":"Odd \\ud83d?","answer":"1"}',
    '{"question":"Odd?","answer":["a","\\uDE00"]}',
    '{"question":"\\ud83d\\ude00?","answer":"2"}',
  ]
  const array = `[${[...rows.map((row) => JSON.stringify(row)), ...half].join(',')}]`
  for (const source of [
    await folder.put('a.jsonl', `${jsonLines(rows)}${half.join('\n')}`),
    await folder.put('a.json', array),
  ]) {
    const { log } = await folder.import('jsonl', source)
    expect(log.kept).toBe(25)
    expect([...log.dropped.keys()]).toEqual([
      'half of a character (a lone surrogate) in question',
      'half of a character (a lone surrogate) in answer.1',
    ])
    expect(log.listed).toHaveLength(2)
  }
  expect(await Array.fromAsync(readRecords(await folder.put('b.jsonl', half[0]!)))).toMatchObject([
    { where: 'b.jsonl:1' },
  ])
})

describe('a task folder with half of a character is refused', () => {
  async function folderWith(change: (dir: string) => Promise<void>) {
    await using folder = await importFolder()
    const { out } = await folder.import('jsonl', await folder.put('a.jsonl', jsonLines(rows)))
    await change(out)
    return await refusal(out)
  }
  const replace = async (path: string, from: string | RegExp, to: string) =>
    writeFile(
      path,
      (await readFile(path, 'utf8')).replace(from, () => to),
    )

  test('in a split, with every such item named', async () => {
    const message = await folderWith(async (dir) => {
      const split = `${dir}/test.jsonl`
      const before = await readFile(split, 'utf8')
      await writeFile(
        split,
        before.replace(/What is/g, () => 'What \\ud83d'),
      )
      await replace(`${dir}/task.yaml`, sha256(before), sha256(await readFile(split)))
    })
    expect(message).toMatch(
      /Items hold half of a character \(a lone surrogate\): a\.jsonl:\d+ \(input\), a\.jsonl:\d+ \(input\),.*test\.jsonl/,
    )
  })

  test.each(['few-shot.json', 'sample_submission.json'])('in %s', async (file) => {
    expect(await folderWith((dir) => replace(`${dir}/${file}`, 'What is', 'What \\ud83d'))).toContain(
      `${file}, key 0.input`,
    )
  })

  test('in task.yaml', async () => {
    const message = await folderWith((dir) =>
      replace(`${dir}/task.yaml`, /^instruction: .*$/m, 'instruction: "Half \\ud83d"'),
    )
    expect(message).toContain('task.yaml, key instruction')
  })
})
