import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sources } from '../../experiments/recipe/sources.ts'
import { times } from './import-folder.ts'

const problem = (book: string) => (index: number) => ({
  problem_text: `In ${book}, a mass of ${index + 3} kg moves at ${index + 5} m/s. What is its momentum?`,
  answer_number: String((index + 3) * (index + 5)),
  unit: '$\\mathrm{kg m/s}$',
  problemid: ` ${index}`,
  source: book,
})
const prediction = (index: number) => ({
  question_id: String(2700 + index),
  question_content: `Problem ${index}: return the sum of a and ${index}.`,
  test_id: 0,
  starter_code: 'class Solution:\n    def sumOf(self, a: int) -> int:\n        ',
  function_name: 'sumOf',
  difficulty: ['easy', 'medium', 'hard'][index % 3],
  test: JSON.stringify([{ input: `${index}`, output: `${2 * index}`, testtype: 'functional' }]),
})
const statement = (index: number) => ({
  question: `What is the profit of shop ${index} that sells for ${index + 900} and buys for ${index}?`,
  context: '',
  ground_truth: 900,
  question_id: `test-${index}`,
  level: 'hard',
})
const row = (index: number) => ({
  instruction: 'Solve it.',
  input: `How much is ${index} + 1?`,
  output: `${index + 1}`,
})

/** Small files in the published formats that the paper's recipes ask for, by the names that they give them; `problems` of each book. */
export async function writePaperSources(folder: string, { problems = 40 } = {}): Promise<Sources> {
  const put = async (file: string, value: unknown) => {
    const path = join(folder, file)
    await writeFile(path, JSON.stringify(value))
    return path
  }
  await mkdir(join(folder, 'scibench'), { recursive: true })
  for (const book of ['atkins', 'stat']) await put(`scibench/${book}.json`, times(problems, problem(book)))
  const inputs = (index: number) => JSON.stringify({ inputs: [`${index}\n`], outputs: ['1\n'] })
  return {
    science: join(folder, 'scibench'),
    'science-seeds': await put(
      'sciinstruct.json',
      times(30, (index) => ({ content: `How long does a wave of ${index} Hz take for a metre?`, summary: 'x' })),
    ),
    code: await put('test.json', times(60, prediction)),
    'code-seeds': await put(
      'taco.json',
      times(20, (index) => ({ question: `Read n and print n plus ${index}.`, input_output: inputs(index) })),
    ),
    finance: await put('hard.json', times(1250, statement)),
    human: await put('human.json', times(8, row)),
    dataflow: await put('dataflow.json', times(9, row)),
  }
}
