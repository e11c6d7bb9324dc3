import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scoreFile } from '../../../tasks/scorers/score-file.ts'
import { lineScorers } from '../../support/scorers.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'score-file-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function scored(scorer: string, lines: string[]) {
  const [input, output] = [join(folder, 'in.jsonl'), join(folder, 'out.jsonl')]
  await writeFile(input, `${lines.join('\n')}\n`)
  const summary = await scoreFile(input, output, lineScorers[scorer]!, 'official')
  const rows = (await readFile(output, 'utf8')).split('\n').slice(0, -1)
  return { summary, rows: rows.map((row) => JSON.parse(row)) }
}

describe('a file of replies', () => {
  test('comes back in its order, with what it carried', async () => {
    const golds = Array.from({ length: 3_000 }, (_, id) => id)
    const lines = golds.map((id) => JSON.stringify({ id, response: `\\boxed{${id % 2 ? id : 'none'}}`, gold: `${id}` }))
    const { summary, rows } = await scored('scibench', lines)
    expect(rows.map(({ id }) => id)).toEqual(golds)
    expect(rows.every(({ id, correct }) => correct === (id % 2 === 1))).toBe(true)
    expect(summary).toMatchObject({ scored: 3_000, correct: 1_500, badCount: 0 })
  })

  test.each([
    ['scibench', '{"gold":"5"}', 'response is missing'],
    ['scibench', '{"response":5,"gold":"5"}', 'response must be a text'],
    ['scibench', '{"response":"5","gold":null}', 'gold must be a text or a number'],
    ['scibench', '{"response":"5","gold":"5","unit":3}', 'unit must be a text'],
    ['livecodebench-top', '{"gold":"5"}', 'needs response or prediction'],
    ['livecodebench-top', '{"response":"5"}', 'needs expected_output or gold'],
    ['livecodebench-top', '{"prediction":5,"gold":"5"}', 'prediction must be a text'],
    ['financereasoning', '{"response":"5"}', 'gold is missing'],
    ['financereasoning', '{"prediction":"5","gold":[5]}', 'gold must be a number or a truth value'],
    ['cruxeval', '{"response":"5","gold":5}', 'gold must be a text'],
    ['exact', '{"response":"5","gold":{}}', 'gold must be a text, a number or a truth value'],
    ['exact', '[5]', 'not a JSON object'],
    ['exact', '{"response"', 'not JSON'],
  ])('names the fault of a line: %s %s', async (scorer, line, why) => {
    const good = '{"response":"#","prediction":"#","gold":"5","expected_output":"5"}'
    const { summary, rows } = await scored(scorer, [good, '', line, good])
    expect(summary).toMatchObject({ scored: 2, badCount: 1, bad: [{ line: 3, why }] })
    expect(rows).toHaveLength(2)
  })

  test.each(['scibench', 'livecodebench-top', 'financereasoning', 'cruxeval', 'gsm8k', 'svamp', 'exact'])(
    'takes a null reply as none: %s',
    async (scorer) => {
      const { rows } = await scored(scorer, ['{"response":null,"gold":"5","expected_output":"5"}'])
      expect(rows).toMatchObject([{ response: null, correct: false }])
    },
  )

  test('reads the reply where the extracted prediction is null', async () => {
    const line = '{"prediction":null,"response":"The answer is 5.","gold":5}'
    expect((await scored('financereasoning', [line])).rows).toMatchObject([{ correct: true }])
    expect((await scored('financereasoning', ['{"prediction":null,"gold":5}'])).rows).toMatchObject([
      { correct: false, reason: 'no-answer' },
    ])
  })
})
