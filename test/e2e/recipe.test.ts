import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { syllabus } from '../support/command.ts'
import { linkedHome } from '../support/linked-home.ts'
import { writePaperSources } from '../support/paper-sources.ts'
import { competentModel } from '../support/planner-script.ts'
import { openPlannerServer } from '../support/planner-server.ts'

/** The paper's recipe as a user starts it, in small: real processes, a real server for both models, the embedded student trained. */

const science = fileURLToPath(new URL('../../deploy/recipes/paper/science.yaml', import.meta.url))
let folder: string
let recipe: string
let args: string[]
let env: Record<string, string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-recipe-'))
  const home = join(folder, 'home')
  await linkedHome(home)
  const sources = await writePaperSources(folder, { problems: 8 })
  recipe = join(folder, 'small.yaml')
  // Only what one core needs to end in a minute is changed: shorter replies, one epoch.
  const task = { training: { num_train_epochs: 1 }, inference: { max_new_tokens: 24 } }
  await writeFile(recipe, stringify({ extends: science, name: 'small-science', settings: { task } }))
  const given = ['science', 'science-seeds'].flatMap((name) => ['--source', `${name}=${sources[name]}`])
  args = [
    'run',
    '--recipe',
    recipe,
    ...given,
    '--rows',
    '12',
    '--attempts',
    '1',
    '--runs',
    '1',
    '--no-retention',
    '--json',
  ]
  env = { SYLLABUS_HOME: home, SYLLABUS_RUNS: join(folder, 'runs') }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Line = {
  type: string
  text?: string
  arms?: { name: string; set: string; estimate: { spent: { calls: number } } }[]
}
const linesOf = (output: string): Line[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{"type":'))
    .map((line) => JSON.parse(line))

test('a student that wants a GPU, and a hub that refuses it, are said before anything is started, with exit code 2', async () => {
  const gpu = syllabus([...args, '--arm', 'seed,iterative,qwen3-30b,llama-8b'], { ...env, PATH: '' })
  expect(await gpu.ended, gpu.output()).toBe(2)
  expect(gpu.output()).toMatch(/trains meta-llama\/Llama-3.1-8B-Instruct, and nvidia-smi shows no GPU.*LOCAL_MODEL/s)
  await using hub = await openPlannerServer(() => '', { key: 'never' })
  const refused = syllabus([...args, '--arm', 'seed,iterative,qwen3-30b,llama-8b'], {
    ...env,
    LOCAL_MODEL: 'some/model',
    HF_ENDPOINT: hub.endpoint.baseUrl,
    HF_HOME: folder,
  })
  expect(await refused.ended, refused.output()).toBe(2)
  expect(refused.output()).toMatch(/some\/model .* cannot be fetched: the hub .* says 401.*HF_TOKEN/s)
})

test(
  'an arm with seeds and iterations goes from its source to its report, with the calls that its plan said',
  async () => {
    const books = ['atkins', 'stat']
    const planner = competentModel({ skills: books, weak: 'stat', kind: 'prompt' })
    let written = 0
    const teacher = () => {
      written += 1
      const [mass, rate] = [11 + written, 3 + written]
      return JSON.stringify({
        input: `Question: A cart of ${mass} kg speeds up by ${rate} m/s each second. Which force pulls it? The unit of the answer is N.`,
        output: `Force is mass times acceleration, ${mass} * ${rate} = ${mass * rate}. The answer is therefore \\boxed{${mass * rate}.000}.`,
      })
    }
    await using server = await openPlannerServer(planner, { teacher })
    const models = { OPENAI_BASE_URL: server.endpoint.baseUrl, OPENAI_API_KEY: server.endpoint.apiKey }
    const asked = [...args, '--arm', 'seed,iterative,qwen3-30b,llama-8b', '--model', server.model]
    const all = { ...env, ...models, LOCAL_MODEL: 'embedded' }

    const dry = syllabus([...asked, '--dry-run'], all)
    expect(await dry.ended, dry.output()).toBe(0)
    const [arm] = linesOf(dry.output()).find(({ type }) => type === 'plan')!.arms!
    // Two datasets of 13 candidates, and three calls for the program.
    expect(arm).toMatchObject({
      runs: 1,
      rows: 12,
      estimate: { spent: { calls: 2 * 13 + 3 }, trainings: { count: 3 } },
    })
    expect(server.asked).toHaveLength(0)
    expect(server.taught).toBe(0)

    const run = syllabus(asked, all)
    expect(await run.ended, run.output().slice(-4000)).toBe(0)
    const report = JSON.parse(await readFile(join(folder, 'runs', `${arm!.set}-1`, 'report.json'), 'utf8'))
    expect(report.run).toMatchObject({ status: 'finished' })
    expect(report.datasets.map(({ admitted }: { admitted: number }) => admitted)).toEqual([12, 12])
    const names = report.studentModels.map(({ studentModel }: { studentModel: string }) => studentModel)
    expect(names).toEqual(expect.arrayContaining(['base', 'attempt-1', 'control', 'final']))
    expect(server.taught).toBeGreaterThanOrEqual(24)
    const summary = JSON.parse(await readFile(join(folder, 'runs', arm!.set, 'summary.json'), 'utf8'))
    expect(Object.keys(summary.scores)).toEqual(expect.arrayContaining(['base', 'final', 'control']))

    // The same command given again goes on with what is there: nothing is asked, nothing is trained.
    const before = [server.asked.length, server.taught]
    const again = syllabus(asked, all)
    expect(await again.ended, again.output().slice(-4000)).toBe(0)
    expect([server.asked.length, server.taught]).toEqual(before)
  },
  10 * 60_000,
)
