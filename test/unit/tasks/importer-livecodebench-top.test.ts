import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, test } from 'vitest'
import { importFolder, jsonLines, sharedGroups, times } from '../../support/import-folder.ts'

type Row = ReturnType<typeof row>

/** A row of the published file: `test` is a JSON text of an array of one. */
function row(question: number, testId: number, change: object = {}) {
  return {
    question_title: 'sum-of-two',
    question_content: `Problem ${question}: return the sum.\n \n`,
    question_id: `${2700 + question}`,
    contest_id: 'weekly-contest-1',
    test_id: testId,
    contest_date: '2023-05-08T00:00:00',
    starter_code: 'class Solution:\n    def sumOf(self, a: int, b: List[int]) -> int:\n        ',
    function_name: 'sumOf',
    difficulty: ['easy', 'medium', 'hard'][question % 3]!,
    test: JSON.stringify([{ input: `${testId}\n[1, 2]`, output: `${testId + 3}`, testtype: 'functional' }]),
    ...change,
  }
}
const rows = times(20, (question) => times(2 + (question % 2), (testId) => row(question, testId))).flat()

function parquet(of: Row[]): Uint8Array {
  const columnData = Object.keys(of[0]!).map((name) =>
    name === 'test_id'
      ? { name, data: of.map((value) => BigInt(value.test_id)), type: 'INT64' as const }
      : { name, data: of.map((value) => value[name as 'test']), type: 'STRING' as const },
  )
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 16 }))
}

describe('livecodebench-top', () => {
  test('Parquet, JSON and JSON Lines give one task; 64-bit test ids stay apart', async () => {
    await using folder = await importFolder()
    const sources = [
      await folder.put('test.parquet', parquet(rows)),
      await folder.put('test.json', rows),
      await folder.put('test.jsonl', jsonLines(rows)),
    ]
    const tasks = []
    for (const source of sources) tasks.push(await folder.import('livecodebench-top', source))
    for (const { log, counts, items } of tasks) {
      expect(log).toMatchObject({ read: 50, kept: 50 })
      expect(counts.validation + counts.test + counts.example).toBe(50)
      expect(items).toEqual(tasks[0]!.items)
      expect(items.some(({ id }) => /^27\d\d-2$/.test(id))).toBe(true)
    }
  })

  test('tests of one problem go to one split, problems are stratified by difficulty', async () => {
    await using folder = await importFolder()
    const { task } = await folder.import('livecodebench-top', await folder.put('test.json', rows))
    expect(sharedGroups(task.validation, task.test)).toEqual([])
    expect(task.skills.map(({ name }) => name)).toEqual(['easy', 'hard', 'medium'])
    for (const { name } of task.skills) expect(task.validation.some(({ skill }) => skill === name)).toBe(true)
  })

  test('the question is the published prompt, with the arguments joined', async () => {
    await using folder = await importFolder()
    const { items } = await folder.import('livecodebench-top', await folder.put('test.json', rows), { seeds: 4 })
    const { input, answer, id } = items[0]!
    expect(input).toMatch(/^Problem:\nProblem \d+: return the sum\.\n \nFunction:\n```\nclass Solution:\n/)
    const testId = Number(id.split('-')[1])
    expect(input).toContain(`assert sumOf(${testId}, [1, 2]) == # TODO`)
    expect(answer).toBe(`${testId + 3}`)
  })

  test('seed questions have the paper’s keys', async () => {
    await using folder = await importFolder()
    const { read } = await folder.import('livecodebench-top', await folder.put('test.json', rows), { seeds: 4 })
    for (const seed of await read<object[]>('seed.json'))
      expect(Object.keys(seed).sort()).toEqual(['question_content', 'test_input'])
  })

  test('rows without a test, an output or a problem are counted and listed', async () => {
    await using folder = await importFolder()
    const bad = [
      row(50, 0, { test: 'not JSON' }),
      row(51, 0, { test: '[]' }),
      row(52, 0, { test: JSON.stringify([{ input: '1' }]) }),
      row(53, 0, { test: JSON.stringify([{ input: '1', output: 'None' }]) }),
      row(54, 0, { test: JSON.stringify([{ input: '1', output: 'NaN' }]) }),
      row(55, 0, { question_content: '' }),
      row(56, 0, { function_name: null }),
    ]
    const { log } = await folder.import('livecodebench-top', await folder.put('test.json', [...rows, ...bad]))
    expect(log).toMatchObject({ read: 57, kept: 51 })
    expect(Object.fromEntries(log.dropped)).toEqual({
      'no test with input and output': 3,
      'the expected output is not JSON': 1,
      'no question_content, question_id or function_name': 2,
    })
    expect(log.listed.map(({ where }) => where)).toContain('test.json[50]')
  })
})
