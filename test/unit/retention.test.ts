import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { OpeningRecord, sittingsOf } from '../../agents/evaluator/sitting-plan.ts'
import { bundledTask } from '../../cli/bundled-task.ts'
import { planEvidence } from '../../cli/evidence.ts'
import { checkTask } from '../../cli/task-check/check-task.ts'
import { defaultTopology, readTopology } from '../../cli/topology-file.ts'
import { loadTask, publicView, TaskError } from '../../tasks/load.ts'
import { bundledRetention, retentionOf } from '../../tasks/read-retention.ts'
import { retentionLines } from '../../tasks/retention/items.ts'
import { scorerNamed } from '../../tasks/scorers/mod.ts'
import { configOf } from '../support/planner-fixtures.ts'

const task = await loadTask(bundledTask)
const bundled = await bundledRetention()

describe('the bundled retention set', () => {
  test('is what its questions give, at least 200 items, each a question of its own outside the bundled task', async () => {
    expect(readFileSync(new URL('../../tasks/retention/items.jsonl', import.meta.url), 'utf8')).toBe(retentionLines())
    expect(bundled.items.length).toBeGreaterThanOrEqual(200)
    expect(new Set(bundled.items.map(({ input }) => input)).size).toBe(bundled.items.length)
    expect(await retentionOf(task)).toEqual(bundled)
  })

  test('no reply that repeats its question is right, but where a sentence is to be copied', () => {
    const { score } = scorerNamed(bundled.scorer.name)!
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
    expect(finding).toMatchObject({ detail: '1 items', problems: [] })
  })

  test('that is not outside the task is refused, with the item and the mending step', async () => {
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
    const old = { opening: 1, testHash: 'b'.repeat(64), auditSeed: 's', candidates: [base], publicTask: ref, variants }
    const record = OpeningRecord.parse({ ...old, papers: { test: ref, audit: null } })
    expect(sittingsOf(record).map(({ paper }) => paper)).toEqual(['test'])
  })

  test('is sat where the topology or an option says so', async () => {
    const topology = await readTopology(defaultTopology)
    expect(planEvidence(task, topology, { retention: true }).retention).toBe(true)
    expect(planEvidence(task, topology, { retention: false }).retention).toBe(false)
    expect(planEvidence(task, topology, {}).retention).toBe(topology.run.evidence.retention)
  })
})
