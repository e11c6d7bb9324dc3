import { createInterface } from 'node:readline'
import { spawnTied } from '../../machine/tied-child.ts'
import { parseJson } from '../../schemas/bounded-json.ts'
import { scorerNamed } from '../scorers/mod.ts'
import { TaskError } from '../task-error.ts'
import type { ImportLog } from './import-log.ts'
import type { Importer, ImportOptions, SourceItem } from './importer.ts'

/** The sets whose answer is one exact number. Others give partial credit, have no stored answer, or accept any text. */
const datasets = [
  'chain_sum',
  'gcd',
  'lcm',
  'leg_counting',
  'simple_equations',
  'number_sequence',
  'gsm_symbolic',
  'letter_counting',
]

/** Prints a set as JSON Lines. The names come from the list above, the numbers are numbers: nothing else is run. */
const program = [
  'import json, sys, reasoning_gym',
  'name, size, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])',
  'for entry in reasoning_gym.create_dataset(name, size=size, seed=seed):',
  '    print(json.dumps({"question": entry["question"], "answer": str(entry["answer"])}))',
].join('\n')

async function* generate(name: string, { python = 'python3', size = '200', generatorSeed = '0' }: ImportOptions) {
  const child = spawnTied(python, ['-c', program, name, size, generatorSeed], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-2_000)
  })
  const ended = new Promise<string | null>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code) => resolve(code === 0 ? null : stderr.trim().split('\n').at(-1) || `exit code ${code}`))
  })
  try {
    for await (const line of createInterface({ input: child.stdout }))
      yield parseJson(line) as { question: string; answer: string }
    const failure = await ended
    if (failure === null) return
    const fix = 'Install reasoning-gym 0.1.25 for that Python, and name it with --python.'
    throw new TaskError(`The set ${name} could not be made: ${failure}`, python, fix)
  } finally {
    child.kill()
  }
}

async function* items(source: string, log: ImportLog, options: ImportOptions): AsyncGenerator<SourceItem> {
  const names = source === 'all' ? datasets : source.split(',')
  const scorer = (await scorerNamed('numeric'))!
  const unknown = names.find((name) => !datasets.includes(name))
  if (unknown !== undefined) {
    const fix = `Name some of ${datasets.join(', ')}, or all.`
    throw new TaskError(`The set ${unknown} has no exact numeric answers`, source, fix)
  }
  for (const name of names) {
    let index = 0
    for await (const { question, answer } of generate(name, options)) {
      const id = `${name}-${index++}`
      log.read += 1
      const isNumber = /^[-+]?[\d.,]+$/.test(answer) && scorer.score(scorer.inForm(answer), answer).strict
      if (!isNumber) log.drop(id, 'the answer is no number')
      else
        yield { id, skill: name.replaceAll('_', '-'), group: null, input: question, answer, key: `reasoning-gym:${id}` }
    }
  }
}

export const reasoningGymImporter: Importer = {
  name: 'reasoning-gym',
  source: `names of its sets, joined by commas, or all (${datasets.join(', ')})`,
  items,
  profile: () => ({
    title: 'Reasoning gym',
    description: 'Procedural puzzles with one exact number as their answer.',
    goal: 'Write training rows from which a small student learns to solve such puzzles.',
    instruction: 'Solve the puzzle, and end with: The answer is X.',
    scorer: { name: 'numeric', primary: 'lenient', options: {} },
    skills: {},
    departures: ['Only full credit counts; the sets used have one exact number as their answer.'],
  }),
}
