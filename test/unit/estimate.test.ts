import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type EstimateInput, estimateRun } from '../../cli/estimate/estimate.ts'
import { readPast } from '../../cli/estimate/past-runs.ts'
import { tell } from '../../cli/estimate/tell.ts'
import { promptProgram } from '../support/prompt-program.ts'

const nothing = { training: null, yield: null, callsPerSecond: null }
const input = (changes: Partial<EstimateInput> = {}): EstimateInput => ({
  rows: 95,
  attempts: 2,
  evidence: { arms: ['control'], seeds: 3 },
  program: promptProgram({ rows: 95, verification: { kind: 'vote', k: 2, temperature: 0 } }),
  models: { generator: 'teacher', critic: 'checker', planner: 'thinker' },
  planner: { contextChars: 8000 },
  instruction: 'Answer.',
  fewShot: [{ instruction: 'Answer.', input: 'x'.repeat(100), output: 'y'.repeat(60) }],
  poolChars: 0,
  prices: {
    teacher: { inputPerMillion: 1, outputPerMillion: 1 },
    checker: { inputPerMillion: 1, outputPerMillion: 1 },
  },
  limits: { teacherCalls: 500, plannerCalls: 1000, tokens: null, money: null, maxHours: 12 },
  past: nothing,
  ...changes,
})

test('calls follow from rows, datasets and yield; tokens from the worked examples', () => {
  const { spent, trainings, hours, beyond } = estimateRun(input())
  const lines = Object.fromEntries(spent.lines!.map((line) => [line.stage, line]))
  // Two attempts and the control, each of 95 rows at the yield first guessed, 0.95.
  expect(lines.generate).toMatchObject({ role: 'generator', calls: 300, outputTokens: 300 * 40 })
  expect(lines.vote).toMatchObject({ role: 'critic', model: 'checker', calls: 600, outputTokens: 600 * 15 })
  expect(lines.plan).toMatchObject({ role: 'planner', calls: 2 })
  // Each attempt once, the chosen dataset and the control with three seeds each.
  expect(trainings).toEqual({ count: 8, seconds: null })
  expect(hours).toEqual({ training: null, calls: null })
  expect(beyond).toEqual(['run.teacherCalls 500: about 900 would be used'])
})

test('money is known when every model has a price, and is not made up', () => {
  expect(estimateRun(input()).money).toBeNull()
  const { money, spent } = estimateRun(input({ planner: null }))
  expect(money).toBeCloseTo((spent.inputTokens + spent.outputTokens) / 1e6)
  expect(tell(estimateRun(input()), input().prices).join('\n')).toContain('price unknown')
})

test('a run without a teacher calls nobody', () => {
  const { spent, money, hours } = estimateRun(input({ program: null, planner: null, models: {} }))
  expect(spent).toMatchObject({ calls: 0, inputTokens: 0 })
  expect(money).toBe(0)
  expect(hours.calls).toBe(0)
})

test('what earlier runs measured is taken from their reports, and from no other file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-past-'))
  try {
    const report = (task: string, seconds: number, reused = false) => ({
      task: { id: task },
      candidates: [{ training: { rows: 100, seconds, reused } }, { training: null }],
      datasets: [{ asked: 200, admitted: 150 }],
      budget: {
        usage: [
          { role: 'generator', model: 'teacher', calls: 240 },
          { role: 'planner', model: 'teacher', calls: 9 },
        ],
      },
      time: { phases: [{ phase: 'generate', seconds: 60 }] },
    })
    const write = async (name: string, text: string) => {
      await mkdir(join(folder, name))
      await writeFile(join(folder, name, 'report.json'), text)
    }
    await write('one', JSON.stringify(report('mine', 50)))
    await write('two', JSON.stringify(report('mine', 10, true)))
    await write('three', JSON.stringify(report('other', 10)))
    await write('four', '{ broken')
    expect(await readPast(folder, 'mine', 'teacher')).toEqual({
      training: { secondsPerRow: 0.5, trainings: 1 },
      yield: { share: 0.75, asked: 400 },
      callsPerSecond: 4,
    })
    expect(await readPast(folder, 'mine', 'another')).toMatchObject({ yield: null, callsPerSecond: null })
    expect(await readPast(join(folder, 'nowhere'), 'mine', 'teacher')).toEqual(nothing)
  } finally {
    await rm(folder, { recursive: true })
  }
})
