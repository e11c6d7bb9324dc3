import { globSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { armsOf, selectArms } from '../../../experiments/recipe/arms.ts'
import { checkArmStudent } from '../../../experiments/recipe/check-student.ts'
import { type ArmPlan, planArms } from '../../../experiments/recipe/plan.ts'
import { printRecipePlan, totalOf } from '../../../experiments/recipe/print-plan.ts'
import { checkSources, readRecipe, type Sources } from '../../../experiments/recipe/sources.ts'
import { paperRecipe } from '../../../tasks/importers/task-yaml.ts'
import { writePaperSources } from '../../support/paper-sources.ts'

const recipes = fileURLToPath(new URL('../../../deploy/recipes', import.meta.url))
const paper = (name: string) => join(recipes, 'paper', `${name}.yaml`)
let folder: string
let sources: Sources
const reported: string[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-recipes-'))
  process.env.SYLLABUS_HOME = join(folder, 'home')
  sources = await writePaperSources(folder)
})
afterAll(async () => {
  delete process.env.SYLLABUS_HOME
  await rm(folder, { recursive: true, force: true })
})

const plan = async (file: string, asked: string[] = [], changes = {}): Promise<ArmPlan[]> => {
  const recipe = await readRecipe(file)
  return planArms(recipe, selectArms(recipe, asked), { seed: 1, sources, ...changes }, (line) => reported.push(line))
}

describe('the recipes of the paper', () => {
  test('there is one for each of its three tasks', () => {
    const files = globSync('**/*.yaml', { cwd: recipes }).map((path) => basename(path, '.yaml'))
    expect(files.sort()).toEqual(['code', 'finance', 'protocol', 'science'])
  })

  test.each(['science', 'code', 'finance'])(
    '%s: both settings, modes, teachers and students, and one search with both references',
    async (name) => {
      const plans = await plan(paper(name))
      expect(plans).toHaveLength(2 ** 4 + 1)
      expect(new Set(plans.map(({ set }) => set)).size).toBe(17)
      for (const each of plans) {
        expect(each).toMatchObject({ runs: 5, rows: 2000, gpu: true })
        expect(each.topology.run).toMatchObject({
          teacherCalls: 50_000,
          attemptCalls: 5000,
          attemptHours: 3,
          maxHours: 12,
          maxFixesInARow: 3,
        })
        expect(each.topology.teacher.concurrency).toBe(80)
        expect(each.task.recipe).toEqual(paperRecipe)
        expect(each.task.rows).toEqual({ target: 2000, minimum: 1000 })
        // One candidate in 0.95 admitted; one call a candidate; three calls for a program.
        const perDataset = Math.ceil(2000 / 0.95)
        const isOneShot = each.topology.agents.planner.variant === 'llm-one-shot'
        expect(each.attempts).toBe(isOneShot ? 8 : 30)
        const searched = isOneShot ? 1 : 30
        expect(each.estimate.spent.calls).toBe((searched + 1) * perDataset + 3 * searched)
        const references = each.name === 'references' ? ['reference-human', 'reference-dataflow'] : []
        expect(each.evidence.arms).toEqual(['control', ...references])
        expect(each.estimate.trainings.count).toBe(searched + 2 + references.length)
        expect(each.estimate.money).toBeNull()
      }
      const [oneShot, iterative] = [2 * 2106 + 3, 31 * 2106 + 90]
      expect(totalOf(plans)).toMatchObject({
        runs: 85,
        calls: 5 * (8 * oneShot + 9 * iterative),
        trainings: 5 * (8 * 3 + 8 * 32 + 34),
        money: null,
        hours: null,
        atMost: { teacherCalls: 85 * 50_000, hours: 85 * 12 },
      })
      expect(printRecipePlan(await readRecipe(paper(name)), plans).join('\n')).toContain(
        '4,250,000 teacher calls, 1,020 h of search',
      )
    },
  )

  test('settings differ in the seed pool alone; references come from their files', async () => {
    const science = await plan(paper('science'), ['qwen3-30b', 'llama-8b'])
    expect(science.map(({ name, task }) => [name.split('-')[0], task.seeds.length])).toEqual([
      ['scratch', 0],
      ['scratch', 0],
      ['seed', 30],
      ['seed', 30],
    ])
    const [scratch, seed] = [science[0]!.task, science[2]!.task]
    expect(seed.splits).toEqual(scratch.splits)
    expect(scratch.validation.length / scratch.test.length).toBeCloseTo(1 / 3, 1)
    const [both] = await plan(paper('science'), ['references'])
    expect(both!.task.references.map(({ arm, rows }) => [arm, rows.length])).toEqual([
      ['reference-human', 8],
      ['reference-dataflow', 9],
    ])
    expect(both!.task.splits).toEqual(seed.splits)
    const [finance] = await plan(paper('finance'), ['seed', 'one-shot', 'deepseek', 'qwen-1-5b'])
    expect(finance!.task.seeds).toHaveLength(1000)
    expect(finance!.task.validation.length + finance!.task.test.length).toBe(1250 - 1119 - 3)
    expect(finance!.topology.agents).toMatchObject({
      generator: { options: { model: 'deepseek-ai/DeepSeek-V3.2' } },
      'trainer-bridge': { options: { student: 'Qwen/Qwen2.5-1.5B' } },
    })
  })

  test('the command line comes before the recipe, and what fixes a run names its set', async () => {
    const asked = ['scratch', 'one-shot', 'qwen3-30b', 'llama-8b']
    const [usual] = await plan(paper('code'), asked)
    const [again] = await plan(paper('code'), asked, { runs: 2 })
    const [small] = await plan(paper('code'), asked, { rows: 24, attempts: 2, runs: 1, model: 'mine', arms: [] })
    expect(again).toMatchObject({ set: usual!.set, runs: 2 })
    expect(small!.set).not.toBe(usual!.set)
    expect(small).toMatchObject({ rows: 24, attempts: 2, runs: 1, evidence: { arms: [] } })
    expect(small!.topology.agents).toMatchObject({
      planner: { options: { model: 'mine' } },
      generator: { options: { model: 'mine' } },
    })
  })
})

test('the recipe of docs/recipes.md holds', async () => {
  const page = await readFile(fileURLToPath(new URL('../../../docs/recipes.md', import.meta.url)), 'utf8')
  const path = join(folder, 'documented.yaml')
  await writeFile(path, /```yaml\n(.*?)```/s.exec(page)![1]!)
  const arms = armsOf(await readRecipe(path))
  expect(arms.map(({ name }) => name)).toEqual(['one-shot', 'iterative', 'gentle'])
  expect(arms[2]!.arm).toMatchObject({
    runs: 3,
    task: { training: { learning_rate: 5e-5, num_train_epochs: 2 } },
    topology: { agents: { planner: { variant: 'llm-iterative' } } },
  })
})

describe('bad input', () => {
  const written = async (text: string) => {
    const path = join(folder, 'own.yaml')
    await writeFile(path, text)
    return path
  }
  const head = `name: own\ntitle: Own\ntopology: ${join(recipes, '../topologies/llm.yaml')}\n`
  const task = 'task: { importer: scibench, source: science }, setting: scratch'

  test('a file that is not there, no YAML, no recipe, or its own base', async () => {
    await expect(readRecipe(join(folder, 'none.yaml'))).rejects.toThrow('There is no recipe file')
    await expect(readRecipe(await written('a: [1'))).rejects.toThrow('is not YAML')
    await expect(readRecipe(await written('just text'))).rejects.toThrow('holds no mapping')
    await expect(readRecipe(await written('name: own\nchoice: {}'))).rejects.toThrow(/is not valid.*choice/s)
    await expect(readRecipe(await written('extends: own.yaml'))).rejects.toThrow('extends itself')
  })

  test('an arm without a task, of no choice, or of two choices of one group', async () => {
    const read = async (text: string) => armsOf(await readRecipe(await written(head + text)))
    await expect(read('settings: { setting: scratch }')).rejects.toThrow(/arm "own" of recipe own is not valid.*task/s)
    const groups = `settings: { ${task} }\nchoices: { size: { small: {}, large: {} } }\n`
    await expect(read(`${groups}arms: { mine: { of: [medium] } }`)).rejects.toThrow('"medium", which is no choice')
    await expect(read(`${groups}arms: { mine: {} }`)).rejects.toThrow('made of none of small, large')
    await expect(read(`${groups}arms: { mine: { of: [small, large] } }`)).rejects.toThrow('made of small and large')
    expect((await read(`${groups}arms: { mine: { of: [small] } }`)).map(({ name }) => name)).toEqual([
      'small',
      'large',
      'mine',
    ])
  })

  test('an arm that is not there, a source that is missing, wrong or unknown, and a limit that is none', async () => {
    const recipe = await readRecipe(paper('science'))
    expect(() => selectArms(recipe, ['iterativ'])).toThrow('There is no arm "iterativ" in recipe science')
    expect(() => selectArms(recipe, ['seed', 'scratch'])).toThrow('No arm is seed and scratch')
    const arms = selectArms(recipe, ['references'])
    expect(() => checkSources(arms, { science: folder, 'science-seeds': folder })).toThrow('needs your copy of "human"')
    expect(() => checkSources(arms, { ...sources })).toThrow('takes a source "code"')
    const own = { science: folder, 'science-seeds': folder, human: join(folder, 'none'), dataflow: folder }
    expect(() => checkSources(arms, own)).toThrow('There is no ')
    const path = await written(`${head}settings: { ${task}, limits: { MAX_HOURS: 3 } }`)
    await expect(plan(path)).rejects.toThrow('a limit "MAX_HOURS", which is none')
    const wrong = await written(`${head}settings: { ${task}, topology: { run: { atempts: 3 } } }`)
    await expect(plan(wrong)).rejects.toThrow(/atempts/)
    const nobody = await written(`${head}settings: { task: { importer: scibensh, source: science }, setting: scratch }`)
    await expect(plan(nobody)).rejects.toThrow('no importer named scibensh')
  })

  test('a folder without a model, before any arm is begun', async () => {
    const student = join(folder, 'no-model')
    const path = await written(`${head}settings: { ${task}, models: { planner: p, teacher: t, student: ${student} } }`)
    const [arm] = await plan(path)
    await expect(checkArmStudent(arm!)).rejects.toThrow(
      `The student ${student} is not a folder with a transformers model`,
    )
  })

  test('a seed that is a question of a split is taken out of the pool', async () => {
    const copied = join(folder, 'copied.json')
    const content = 'In atkins, a mass of 8 kg moves at 10 m/s. What is its momentum?'
    await writeFile(copied, JSON.stringify([{ content }, { content: 'How hot is a stove after 3 minutes?' }]))
    const recipe = await readRecipe(paper('science'))
    const arms = selectArms(recipe, ['seed', 'one-shot', 'qwen3-30b', 'llama-8b'])
    const options = { seed: 1, sources: { ...sources, 'science-seeds': copied } }
    const [own] = await planArms(recipe, arms, options, (line) => reported.push(line))
    expect(own!.task.seeds.map(({ text }) => text)).toEqual(['How hot is a stove after 3 minutes?'])
    expect(reported).toContain('seeds left out because they contain a question of a split: 1')
  })
})
