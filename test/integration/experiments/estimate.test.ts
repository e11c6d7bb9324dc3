import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { estimateRun } from '../../../experiments/estimate/estimate.ts'
import type { EstimateInput } from '../../../experiments/estimate/input.ts'
import { readPast } from '../../../experiments/estimate/past-runs.ts'
import { estimateLines, startLine } from '../../../experiments/estimate/print.ts'
import { syllabus } from '../../support/command.ts'
import { promptProgram } from '../../support/prompt-program.ts'

const nothing = { training: null, speed: null, answers: null, yield: null, callsPerSecond: null, checks: null }
const input = (changes: Partial<EstimateInput> = {}): EstimateInput => ({
  rows: 95,
  attempts: 2,
  epochs: 3,
  evidence: { arms: ['control', 'random'], seeds: 3, submissions: true, retention: true },
  evalSets: { validation: 10, test: 100, audit: 20, retention: 1000 },
  mayCheck: false,
  program: promptProgram({ rows: 95, verification: { kind: 'vote', k: 2, temperature: 0 } }),
  models: { generator: 'teacher', critic: 'checker', planner: 'thinker' },
  planner: { contextChars: 8000 },
  instruction: 'Answer.',
  fewShot: [{ instruction: 'Answer.', input: 'x'.repeat(100), output: 'y'.repeat(60) }],
  maxNewTokens: 96,
  poolChars: 0,
  prices: {
    teacher: { inputPerMillion: 1, outputPerMillion: 1 },
    checker: { inputPerMillion: 1, outputPerMillion: 1 },
  },
  limits: { teacherCalls: 500, plannerCalls: 1000, analystCalls: null, tokens: null, money: null, maxHours: 12 },
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
  // Each attempt once; the chosen dataset, the control and the random rows with three seeds each.
  expect(trainings).toEqual({ count: 11, seconds: null })
  expect(hours).toEqual({ training: null, answers: null, calls: null })
  expect(beyond).toEqual(['run.teacherCalls 500: about 900 would be used'])
})

test('the student answers validation as every candidate, and the sealed papers as those that sit them', () => {
  const { answers, hours } = estimateRun(input({ past: { ...nothing, answers: { secondsEach: 2, evaluations: 1 } } }))
  expect(answers).toEqual({
    // The base and eleven trainings.
    validation: 12 * 10,
    // Test: the base without and with examples, nine adapters, two submissions; audit: without those; retention: base, final, control.
    sealed: 13 * 100 + 11 * 20 + 7 * 1000,
  })
  expect(hours.answers).toBeCloseTo((2 * (120 + 8520)) / 3600)
  const limits = { ...input().limits, teacherCalls: null, maxHours: 4.5 }
  const past = { ...nothing, answers: { secondsEach: 2, evaluations: 1 } }
  expect(estimateRun(input({ past, limits })).beyond).toEqual(['run.maxHours 4.5: about 4.8 would be used'])
  const alone = { arms: [], seeds: 1, submissions: false, retention: false }
  expect(estimateRun(input({ evidence: alone })).answers).toEqual({ validation: 4 * 10, sealed: 3 * 120 })
  expect(estimateRun(input({ evidence: null }))).toMatchObject({
    answers: { validation: 0, sealed: 0 },
    hours: { answers: 0 },
  })
})

test('what programs to come will have the critic ask is taken from earlier runs, and is not made up', () => {
  const stands = input({ program: promptProgram({ rows: 95 }), mayCheck: true })
  const stages = ({ spent }: ReturnType<typeof estimateRun>) =>
    Object.fromEntries(spent.lines!.flatMap(({ role, stage, calls }) => (role === 'critic' ? [[stage, calls]] : [])))
  const unknown = estimateRun(stands)
  expect(stages(unknown)).toEqual({})
  expect(unknown.assumptions.join()).toContain('is not known: a vote of k adds up to k calls')
  const known = estimateRun({ ...stands, past: { ...nothing, checks: { vote: 1.5, judge: 0.5 } } })
  expect(stages(known)).toEqual({ vote: 450, judge: 150 })
})

test('money is known when every model has a price, and is not made up', () => {
  expect(estimateRun(input()).money).toBeNull()
  const { money, spent } = estimateRun(input({ planner: null }))
  expect(money).toBeCloseTo((spent.inputTokens + spent.outputTokens) / 1e6)
  expect(estimateLines(estimateRun(input()), input().prices).join('\n')).toContain('price unknown')
})

test('a run that starts beyond a limit refers to the estimate, which names the limits itself', () => {
  const beyond = { ...estimateRun(input()), beyond: ['of 10 calls'] }
  expect(startLine(beyond)).toMatch(/beyond 1 limit, see: npx syllabus estimate$/)
  expect(startLine({ ...beyond, beyond: [] })).not.toContain('see:')
  const lines = estimateLines(beyond, {}).join('\n')
  expect(lines).toContain('beyond the limit of 10 calls')
  expect(lines).not.toContain('see:')
})

test('a run without a teacher calls nobody', () => {
  const { spent, money, hours } = estimateRun(input({ program: null, planner: null, models: {} }))
  expect(spent).toMatchObject({ calls: 0, inputTokens: 0 })
  expect(money).toBe(0)
  expect(hours.calls).toBe(0)
})

test('a training takes what the task’s took before; else rows, epochs and the speed of the same student', () => {
  const speed = { tokensPerSecond: 500, tokensPerRow: 100, device: 'cuda', trainings: 4 }
  const { trainings, assumptions } = estimateRun(input({ past: { ...nothing, speed } }))
  expect(trainings.seconds).toBeCloseTo((11 * 95 * 3 * 100) / 500)
  expect(assumptions.join('\n')).toContain(
    'training at 500 tokens/s on cuda, and rows of 100 tokens, as in 4 trainings of this student',
  )
  const training = { secondsPerRow: 2, trainings: 1 }
  expect(estimateRun(input({ past: { ...nothing, speed, training } })).trainings.seconds).toBe(11 * 95 * 2)
})

test('what earlier runs measured is taken from their reports, and from no other file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-past-'))
  try {
    const report = (task: string, seconds: number, reused = false) => ({
      task: { id: task },
      studentModels: [
        { studentModel: 'attempt-1', training: { rows: 100, seconds, reused } },
        { studentModel: 'base', training: null },
      ],
      datasets: [{ asked: 200, admitted: 150 }],
      budget: {
        usage: [
          { role: 'generator', model: 'teacher', stage: 'generate', calls: 160 },
          { role: 'critic', model: 'teacher', stage: 'judge', calls: 80 },
          { role: 'planner', model: 'teacher', stage: 'plan', calls: 9 },
        ],
      },
      time: {
        phases: [{ phase: 'generate', seconds: 60 }],
        spans: [
          { label: 'Attempt 1', phase: 'train', from: 0, to: 50 },
          { label: 'Attempt 1', phase: 'answer', from: 50, to: 55 },
          { label: 'Base student', phase: 'answer', from: 55, to: 95 },
        ],
      },
    })
    const mine = { id: 'mine', validation: 10 }
    const trained = { student: 'llama', train: 'peft' }
    const write = async (name: string, text: string) => {
      await mkdir(join(folder, name))
      await writeFile(join(folder, name, 'report.json'), text)
    }
    await write('one', JSON.stringify(report('mine', 50)))
    await write('two', JSON.stringify(report('mine', 10, true)))
    await write('three', JSON.stringify(report('other', 10)))
    await write('four', '{ broken')
    expect(await readPast(folder, mine, 'teacher', trained)).toEqual({
      training: { secondsPerRow: 0.5, trainings: 1 },
      speed: null,
      answers: { secondsEach: 0.5, evaluations: 1 },
      yield: { share: 0.75, asked: 400 },
      callsPerSecond: 4,
      checks: { vote: 0, judge: 0.5 },
    })
    expect(await readPast(folder, mine, 'another', trained)).toMatchObject({ yield: null, callsPerSecond: null })
    expect(await readPast(join(folder, 'nowhere'), mine, 'teacher', trained)).toEqual(nothing)

    // Other tasks say how fast a student is, by what trained it: tokens of two epochs.
    const measured = (runtimes: object | undefined, tokens: number) => {
      const { task, studentModels, ...others } = report('other', 10)
      const [model] = studentModels
      const training = { ...model!.training, tokens, device: 'cuda' }
      const named = { ...model, student: 'llama@0123456789ab', runtimes, training }
      return JSON.stringify({ ...others, task: { ...task, recipe: { num_train_epochs: 2 } }, studentModels: [named] })
    }
    await write('five', measured(undefined, 4000))
    await write('six', measured({ train: { name: 'llama-factory', version: '0.9.5', device: 'cuda' } }, 40_000))
    const speedOf = async (train: string, student = 'llama') =>
      (await readPast(folder, mine, 'teacher', { student, train })).speed
    expect(await speedOf('peft')).toEqual({ tokensPerSecond: 400, tokensPerRow: 20, device: 'cuda', trainings: 1 })
    expect(await speedOf('llama-factory')).toMatchObject({ tokensPerSecond: 4000, tokensPerRow: 200 })
    expect([await speedOf('trl'), await speedOf('peft', 'other')]).toEqual([null, null])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('models that are asked and not named are counted, at a price that is not known', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-unnamed-'))
  try {
    const llm = join(import.meta.dirname, '../../../deploy/topologies/llm.yaml')
    const file = join(folder, 'unnamed.yaml')
    await writeFile(file, (await readFile(llm, 'utf8')).replaceAll('options:\n', 'options:\n      dialectMs: 1\n'))
    const env = { SYLLABUS_RUNS: join(folder, 'runs'), SYLLABUS_HOME: join(folder, 'home') }
    const estimated = syllabus(['estimate', '--topology', file], env)
    expect(await estimated.ended, estimated.output()).toBe(0)
    expect(estimated.output()).toMatch(/\d+ calls, .* tokens, price unknown/)
    expect(estimated.output()).toContain('name it with --model')
    const arms = ['compare', '--arms', 'rules,llm-iterative']
    const planned = syllabus([...arms, '--dry-run'], env)
    expect(await planned.ended, planned.output()).toBe(0)
    expect(planned.output()).toMatch(/llm-iterative, one run: estimate: \d+ calls, .*price unknown/)
    const begun = syllabus(arms, env)
    expect(await begun.ended, begun.output()).toBe(2)
    expect(begun.output()).toMatch(/No model is named for planner of topology .*\n.*--model <name>, set SYLLABUS_MODEL/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('the command counts on a teacher of this machine without starting it, and costs nothing', async () => {
  const reported = async (args: string[]) => {
    const { ended, output } = syllabus(['estimate', '--teacher', 'local', '--json', ...args], {})
    expect(await ended, output()).toBe(0)
    return JSON.parse(output())
  }
  const run = await reported(['--topology', 'deploy/topologies/llm.yaml'])
  const models = new Set(run.spent.lines.map(({ model }: { model: string }) => model))
  expect(models).toEqual(new Set(['smollm2-135m-instruct']))
  expect(run.money).toBe(0)
  // Final, control, one-shot and random once each after three attempts; the bundled retention paper for base, final and control.
  expect(run.answers.validation).toBe(120 * 8)
  expect(run.answers.sealed).toBeGreaterThan(280 * 6 + 3 * 200)
  const rows = await reported(['--program', 'docs/programs/scratch.yaml', '--rows', '19'])
  const calls = rows.spent.lines.map(({ stage, calls }: { stage: string; calls: number }) => [stage, calls])
  // The program wants a vote of three.
  expect(Object.fromEntries(calls)).toMatchObject({ generate: 20, vote: 60 })
  expect(rows.answers).toEqual({ validation: 0, sealed: 0 })
})

test('what the student may write is bounded by the length of a reply', () => {
  const { assumptions, answers } = estimateRun(input({ maxNewTokens: 50 }))
  const tokens = 50 * (answers.validation + answers.sealed)
  expect(assumptions.join()).toContain(`at most 50 tokens (inference.max_new_tokens): ${tokens} in all`)
})
