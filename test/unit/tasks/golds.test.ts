import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { grade } from '../../../agents/evaluator/scorer/grading.ts'
import { sha256 } from '../../../schemas/hash.ts'
import { goldsOf, Item, Question } from '../../../schemas/task.ts'
import { loadTask } from '../../../tasks/load.ts'
import { openTaskScorer } from '../../../tasks/score-with.ts'
import { writeMiniTask } from '../../support/mini-task.ts'
import { lineScorers } from '../../support/scorers.ts'

/** A reply to each scorer that is right for the second of two golds alone. */
const lines: Readonly<Record<string, { response: string; golds: readonly [string, string] }>> = {
  scibench: { response: '\\boxed{7}', golds: ['3', '7'] },
  'livecodebench-top': { response: 'assert f(1) == 7', golds: ['3', '7'] },
  financereasoning: { response: 'The answer is 7.', golds: ['3', '7'] },
  cruxeval: { response: '[7]', golds: ['[3]', '[7]'] },
  gsm8k: { response: '#### 7', golds: ['3', '7'] },
  svamp: { response: '7', golds: ['3', '7'] },
  'boxed-number': { response: '\\boxed{7}', golds: ['3', '7'] },
  exact: { response: 'NYC', golds: ['New York', 'NYC'] },
  contains: { response: 'shut', golds: ['closed', 'shut'] },
  choice: { response: 'B', golds: ['A', 'B'] },
  numeric: { response: '7', golds: ['3', '7'] },
  'json-fields': { response: '{"a": 7}', golds: ['{"a": 3}', '{"a": 7}'] },
  'python-literal': { response: '[7]', golds: ['[3]', '[7]'] },
  set: { response: 'A, B', golds: ['A, C', 'A,B'] },
  'edit-distance': { response: 'kitten', golds: ['dog', 'kitten'] },
}

describe('a line of replies with several golds', () => {
  test.each(Object.keys(lineScorers))('is right for any of them: %s', (name) => {
    const { response, golds } = lines[name]!
    const score = lineScorers[name]!
    for (const mode of ['official', 'normalised'] as const) {
      expect(score({ response, golds }, mode)).toMatchObject({ correct: true })
      expect(score({ response, golds: [...golds].reverse() }, mode)).toMatchObject({ correct: true })
      expect(score({ response, golds: golds.slice(0, 1) }, mode)).toMatchObject({ correct: false })
      expect(score({ response, gold: golds[1] }, mode)).toEqual(score({ response, golds: golds.slice(1) }, mode))
    }
  })

  test.each([
    [{ response: '7', golds: [] }, 'golds must be a list of at least one answer'],
    [{ response: '7', golds: '7' }, 'golds must be a list of at least one answer'],
    [{ response: '7', golds: ['7', null] }, 'gold must be a text, a number or a truth value'],
    [{ response: '7', golds: ['7', 'none'] }, 'the gold answer "none" is not a number'],
  ])('says what is wrong with its list: %j', (line, invalid) => {
    expect(lineScorers.numeric!(line, 'normalised')).toEqual({ invalid })
  })
})

const item: Item = {
  id: 'capital',
  part: 'benchmark',
  skill: 'geography',
  instruction: 'Answer.',
  input: 'What is the biggest city of the USA?',
  answer: 'New York',
  alternatives: ['NYC', 'New York City'],
  coreKey: 'capital',
}

describe('an item with alternatives', () => {
  test('is right for any of its golds, in each mode by itself', async () => {
    const scorer = openTaskScorer({ name: 'exact', primary: 'strict', options: {} })
    const { score } = scorer
    const modes = async (reply: string) => {
      const { strict, lenient } = await score(reply, goldsOf(item))
      return { strict, lenient }
    }
    expect(await modes('NYC')).toEqual({ strict: true, lenient: true })
    expect(await modes('The answer is new york city.')).toEqual({ strict: false, lenient: true })
    expect(await modes('Boston')).toEqual({ strict: false, lenient: false })
    const predictions = [{ id: item.id, text: 'New York City', finish: 'stop' as const, tokens: 3 }]
    expect(await grade([item], predictions, scorer)).toMatchObject([{ outcome: { strict: true, lenient: true } }])
  })

  test('is put to a student without any of them', () => {
    expect(JSON.stringify(Question.strip().parse(item))).not.toMatch(/New York|NYC/)
  })

  test('needs at least one where it has the key', () => {
    expect(Item.safeParse({ ...item, alternatives: [] }).success).toBe(false)
  })

  describe('in a task folder', () => {
    let dir: string
    beforeEach(async () => {
      dir = await writeMiniTask(join(await mkdtemp(join(tmpdir(), 'golds-')), 'task'), 2)
    })
    afterEach(() => rm(join(dir, '..'), { recursive: true }))

    const change = async (alternatives: readonly string[]) => {
      const path = join(dir, 'test.jsonl')
      const text = await readFile(path, 'utf8')
      const [first = '', ...rest] = text.split('\n')
      const changed = [JSON.stringify({ ...JSON.parse(first), alternatives }), ...rest].join('\n')
      await writeFile(path, changed)
      const yaml = await readFile(join(dir, 'task.yaml'), 'utf8')
      await writeFile(join(dir, 'task.yaml'), yaml.replace(sha256(text), sha256(changed)))
    }

    test('is loaded with them', async () => {
      await change(['12.25'])
      const { test: items } = await loadTask(dir)
      expect(items.map((each) => each.alternatives)).toEqual([['12.25'], ...items.slice(1).map(() => undefined)])
    })

    test('has to score for each of them', async () => {
      await change(['12.25', 'many'])
      await expect(loadTask(dir)).rejects.toMatchObject({ what: expect.stringContaining('"many"') })
    })
  })
})
