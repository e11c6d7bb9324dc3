import { describe, expect, test } from 'vitest'
import { type CheckDeps, checkBatch } from '../../agents/critic/rules/graph.ts'
import { generate } from '../../agents/generator/procedural/graph.ts'
import { uniformProgram } from '../../agents/planner/programs.ts'
import type { Row } from '../../schemas/row.ts'
import { type VariantOf, variantsOf } from '../../schemas/variants.ts'
import { procedures } from '../../tasks/procedures.ts'
import { scorerFor } from '../../tasks/score-with.ts'
import { shardOf } from '../support/shards.ts'

const procedure = procedures['everyday-numbers']!
const score = scorerFor({ name: 'boxed-number', primary: 'strict', options: {} })
const signal = new AbortController().signal
const deps: CheckDeps = {
  program: uniformProgram(['order-total'], 10),
  contamination: () => null,
  solve: procedure.solveCore,
  isCorrect: async (reply, answer) => (await score(reply, answer)).strict,
}

const variants: { [V in VariantOf<'critic'>]: typeof checkBatch } = { rules: checkBatch }

/** Checks one good batch whose first row is changed; the reason given to that row. */
async function reasonFor(check: typeof checkBatch, change: (row: Row) => Row, more: Partial<CheckDeps> = {}) {
  const batch = await generate(shardOf({ from: 0, count: 4 }), procedure, signal)
  const [first, ...rest] = batch.candidates
  const checked = await check({ ...batch, candidates: [change(first!), ...rest] }, { ...deps, ...more }, signal)
  expect(checked.rows.slice(1).map(({ rejected }) => rejected)).toEqual([null, null, null])
  return checked.rows[0]!.rejected
}

describe.each(variantsOf.critic)('critic %s', (name) => {
  const check = variants[name]

  test('objects to nothing in what the generator makes', async () => {
    expect(await reasonFor(check, (row) => row)).toBeNull()
  })

  test.each<[string, (row: Row) => Row]>([
    ['format', (row) => ({ ...row, output: '  ' })],
    ['format', (row) => ({ ...row, input: '' })],
    ['too-long', (row) => ({ ...row, input: `${row.input} ${'and so on '.repeat(200)}` })],
    ['wrong-answer', (row) => ({ ...row, output: 'The answer is therefore \\boxed{123456.78}.' })],
    ['wrong-answer', (row) => ({ ...row, output: row.output.replace('\\boxed', '') })],
    ['wrong-answer', (row) => ({ ...row, origin: { ...row.origin, core: undefined } })],
  ])('gives a faulty row its one reason: %s', async (reason, change) => {
    expect(await reasonFor(check, change)).toBe(reason)
  })

  test.each([
    ['validation', 'contaminated-validation'],
    ['sealed', 'contaminated-sealed'],
  ] as const)('refuses a row that repeats a %s item', async (split, reason) => {
    let first = true
    const contamination = () => {
      const hit = first ? split : null
      first = false
      return hit
    }
    expect(await reasonFor(check, (row) => row, { contamination })).toBe(reason)
  })
})
