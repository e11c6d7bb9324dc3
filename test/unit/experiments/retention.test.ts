import { describe, expect, test } from 'vitest'
import { FinalEvalRecord, sealedEvalJobs } from '../../../agents/evaluator/eval-plan.ts'
import { buildContaminationIndex, openContaminationIndex } from '../../../agents/kit/dedup/contamination.ts'
import { evaluationItems, referenceRows } from '../../../agents/kit/dedup/evaluation-items.ts'
import { checkTask } from '../../../experiments/checks/task/check-task.ts'
import { planEvidence } from '../../../experiments/run/evidence.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask, publicView, TaskError } from '../../../tasks/load.ts'
import { procedureOf } from '../../../tasks/procedures.ts'
import { bundledRetention, retentionOf } from '../../../tasks/read-retention.ts'
import { configOf } from '../../support/planner-fixtures.ts'
import { scorers } from '../../support/scorers.ts'

const task = await loadTask(bundledTask)
const bundled = await bundledRetention()

describe('the bundled retention set', () => {
  test('is at least 200 items, each a question of its own outside the bundled task', async () => {
    expect(bundled.items.length).toBeGreaterThanOrEqual(200)
    expect(new Set(bundled.items.map(({ input }) => input)).size).toBe(bundled.items.length)
    expect(await retentionOf(task)).toEqual(bundled)
  })

  test('no reply that repeats its question is right, but where a sentence is to be copied', () => {
    const { score } = scorers[bundled.scorer.name]!
    const given = bundled.items.filter(({ input, answer }) => score(input, answer).lenient)
    expect(new Set(given.map(({ skill }) => skill))).toEqual(new Set(['copying']))
  })
})

describe('a retention set of a task', () => {
  const own = (items: typeof bundled.items) => ({ ...task, retentionSet: { ...bundled, items } })
  const [first] = bundled.items

  test('takes the place of the bundled one; agents are shown neither items nor scorer', async () => {
    const mine = own([first!])
    expect((await retentionOf(mine)).items).toEqual([first])
    expect(JSON.stringify(publicView(mine))).not.toContain(first!.input)
    const finding = (await checkTask(mine)).find(({ name }) => name.startsWith('retention'))
    expect(finding).toMatchObject({ detail: '1 item', problems: [] })
  })

  test('that is not outside the task is refused, with the item and the fixing step', async () => {
    const asked = { ...first!, input: task.validation[0]!.input }
    await expect(retentionOf(own([asked]))).rejects.toThrow(/asks what the task asks/)
    await expect(retentionOf(own([{ ...first!, skill: task.skills[0]!.name }]))).rejects.toThrow(TaskError)
    await expect(retentionOf(own([first!, first!]))).rejects.toThrow('The same id stands twice')
    const problems = (await checkTask(own([asked]))).flatMap((finding) => finding.problems)
    expect(problems).toHaveLength(1)
  })

  test('is sat by nobody in an opening that began before there was one', () => {
    const ref = { account: 'VAULT', name: 'paper', sha256: 'a'.repeat(64), bytes: 1 }
    const base = { name: 'base', student: 's', jobHash: null, adapter: null, examples: false }
    const { variants } = configOf()
    const old = {
      finalEvalNumber: 1,
      testHash: 'b'.repeat(64),
      auditSeed: 's',
      studentModels: [base],
      publicTask: ref,
      variants,
    }
    const record = FinalEvalRecord.parse({ ...old, evalSets: { test: ref, audit: null } })
    expect(sealedEvalJobs(record).map(({ evalSet }) => evalSet)).toEqual(['test'])
  })

  test('is sat where the topology or an option says so', async () => {
    const topology = await readTopology(defaultTopology)
    expect(planEvidence(task, topology, { retention: true }).retention).toBe(true)
    expect(planEvidence(task, topology, { retention: false }).retention).toBe(false)
    expect(planEvidence(task, topology, {}).retention).toBe(topology.run.evidence.retention)
  })
})

describe('rows that repeat a retention item', () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => i)
  const whole = { ...task, retentionSet: bundled }
  const index = openContaminationIndex(buildContaminationIndex(evaluationItems(whole), key), key, { share: 0.6 })
  const found = (change: (input: string) => string) =>
    bundled.items.filter(({ input }) => index.check({ text: change(input) })?.split === 'retention').length
  const count = bundled.items.length

  test('are found: all of the bundled items, verbatim, in other case and punctuation, wrapped', () => {
    expect(found((input) => input)).toBe(count)
    expect(found((input) => input.toUpperCase().replaceAll(/[?."]/g, ' '))).toBe(count)
    expect(found((input) => `Here is a quick one for you. ${input} Think before you answer.`)).toBe(count)
  })

  test('are none where a word of the question is another one, nor among what the bundled procedure writes', async () => {
    const asked = [
      'What is the capital of Mongolia?',
      'What is the opposite of "transparent"?',
      'What colour is a ruby?',
    ]
    for (const text of asked) expect(index.check({ text }), text).toBeNull()
    const procedure = (await procedureOf(task))!
    const rows = task.skills.flatMap(({ name: skill }) =>
      Array.from({ length: 200 }, (_, n) =>
        procedure.sampleRow({ skill, difficulty: 2, range: 'wide', phrasings: 8, seed: String(n) }),
      ),
    )
    expect(rows.filter(({ input }) => index.check({ text: input })?.split === 'retention')).toEqual([])
  })

  test('are taken out of a reference', () => {
    const rows = [bundled.items[0]!, bundled.items[30]!].map(({ input }) => ({
      instruction: 'Say.',
      input,
      output: 'It is.',
    }))
    const fair = { instruction: 'Say.', input: 'How many legs have two spiders and a cat?', output: 'Twenty.' }
    const references = [{ arm: 'reference' as const, rows: [...rows, fair] }]
    expect(referenceRows({ ...whole, references })).toMatchObject([{ refused: 2, rows: [{ input: fair.input }] }])
    expect(referenceRows({ ...task, references })).toMatchObject([{ refused: 0 }])
  })
})
