import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Item, TrainingRow } from '../../schemas/task.ts'
import { Core } from '../../schemas/task.ts'
import { drawItems } from './procedure/audit.ts'
import { coreKey, SKILL_NAMES, sampleRow, solveCore } from './procedure/mod.ts'
import { testBank } from './procedure/phrasing/test.ts'
import { validationBank } from './procedure/phrasing/validation.ts'
import { INSTRUCTION } from './procedure/problem.ts'

/** Changing the seed changes every drawn item. */
const SEED = 'everyday-numbers-1'
const HANDWRITTEN = new URL('./handwritten.jsonl', import.meta.url)

const HandwrittenLine = z.strictObject({
  skill: z.enum(SKILL_NAMES),
  core: Core,
  input: z.string(),
  answer: z.string(),
})

export interface Splits {
  validation: Item[]
  test: Item[]
  fewShot: TrainingRow[]
  sampleSubmission: TrainingRow[]
}

/** Items that people wrote; their answers, worked out by hand, are compared with the solver's. */
function readHandwritten(): Item[] {
  const lines = readFileSync(HANDWRITTEN, 'utf8').trim().split('\n')
  return lines.map((line, index) => {
    const { skill, core, input, answer } = HandwrittenLine.parse(JSON.parse(line))
    const solved = solveCore(skill, core)
    if (solved !== answer) throw new Error(`handwritten item ${index + 1}: by hand ${answer}, solved ${solved}`)
    const id = `test-handwritten-${String(index + 1).padStart(3, '0')}`
    return { id, part: 'handwritten', skill, instruction: INSTRUCTION, input, answer, coreKey: coreKey(skill, core) }
  })
}

function claim(key: string, taken: Set<string>): void {
  if (taken.has(key)) throw new Error(`core ${key} is taken`)
  taken.add(key)
}

/** Everything that is drawn once and kept. No core stands in two of the four. */
export function buildSplits(): Splits {
  const taken = new Set<string>()
  const handwritten = readHandwritten()
  for (const item of handwritten) claim(item.coreKey, taken)

  const exampleOf = (name: string, skill: (typeof SKILL_NAMES)[number]): TrainingRow => {
    const row = sampleRow({ skill, difficulty: 2, range: 'narrow', phrasings: 1, seed: `${SEED} ${name}` })
    claim(row.coreKey, taken)
    return { instruction: row.instruction, input: row.input, output: row.output }
  }
  const fewShot = (['order-total', 'invoice-field', 'days-between'] as const).map((skill) =>
    exampleOf('few-shot', skill),
  )
  const sampleSubmission = SKILL_NAMES.map((skill) => exampleOf('sample submission', skill))

  const validation = drawItems(
    { seed: SEED, counts: { 'in-template': 60, 'heldout-phrasing': 30, 'heldout-range': 30 }, taken },
    { name: 'validation', phrasings: validationBank, range: 'heldout-validation' },
  )
  const test = drawItems(
    { seed: SEED, counts: { 'in-template': 120, 'heldout-phrasing': 60, 'heldout-range': 60 }, taken },
    { name: 'test', phrasings: testBank, range: 'heldout-test' },
  )
  return { validation, test: [...test, ...handwritten], fewShot, sampleSubmission }
}

/** One item a line. */
export function toJsonLines(items: readonly unknown[]): string {
  return items.map((item) => `${JSON.stringify(item)}\n`).join('')
}

/** As the files are kept: indented, with a last line break. */
export const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
