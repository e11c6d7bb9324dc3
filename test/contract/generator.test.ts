import { afterAll, describe, expect, test } from 'vitest'
import { promptRows } from '../../agents/generator/llm/graph.ts'
import { RevisionLimits } from '../../agents/generator/llm/options.ts'
import { generateShard } from '../../agents/generator/procedural/graph.ts'
import { promptHashOf } from '../../agents/kit/metered/call.ts'
import { callHooks } from '../../agents/kit/sandbox/hooks.ts'
import { TeacherOptions } from '../../agents/kit/teacher/options.ts'
import { createTeacher } from '../../agents/kit/teacher/teacher.ts'
import type { PayloadOf } from '../../schemas/message.ts'
import { Batch, type Shard } from '../../schemas/messages/generation.ts'
import { Hooks } from '../../schemas/program.ts'
import { type VariantOf, variantsOf } from '../../schemas/variants.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'
import * as everydayNumbers from '../../tasks/everyday-numbers/procedure/mod.ts'
import { loadTask } from '../../tasks/load.ts'
import { openSandbox } from '../../tasks/sandbox/sandbox.ts'
import { promptProgram } from '../support/prompt-program.ts'
import { shardOf, shardSource } from '../support/shards.ts'
import { startTeacherServer } from '../support/teacher-server.ts'

type Generate = (shard: PayloadOf<typeof Shard>) => Promise<PayloadOf<typeof Batch>>

const task = await loadTask(bundledTask)
const sandbox = openSandbox()
afterAll(() => sandbox[Symbol.asyncDispose]())

/** The variant without its journal: every reply is fresh. */
async function promptShard(shard: PayloadOf<typeof Shard>, hooks?: Hooks): Promise<PayloadOf<typeof Batch>> {
  // The server plants faults into the first request of a prompt, so each shard has one of its own.
  await using server = await startTeacherServer({ faults: { http500: 0.1, cutText: 0.1, empty: 0.1 } })
  const signal = new AbortController().signal
  const teacher = createTeacher({ baseUrl: server.url, apiKey: '' }, TeacherOptions.parse({ model: server.model }))
  const program = promptProgram({
    rows: 100,
    template: 'Write problem number {{n}}.',
    parameters: { n: { from: 0, to: 9000, decimals: 0 } },
  })
  const source = program.sources[0]!
  if (source.kind !== 'prompt') throw new Error('a prompt source is wanted')
  const callBudget = { take: async () => true }
  const made = await promptRows(
    shard,
    source,
    {
      program,
      task,
      limits: RevisionLimits.parse({}),
      hooks: hooks ? (given, context) => callHooks(sandbox, hooks, given, context) : null,
      call: async (_, request) => {
        const promptHash = promptHashOf(teacher.model, request)
        const answer = await teacher.ask(request, callBudget, signal)
        return answer.ok ? { promptHash, reply: answer.reply } : { promptHash, failure: answer }
      },
    },
    signal,
  )
  const spent = { calls: 0, inputTokens: 0, outputTokens: 0 }
  return { round: shard.round, shard: shard.shard, source: source.id, ...made, spent }
}

/** How each variant is called in a test; a variant without an entry does not compile. */
const variants: { [V in VariantOf<'generator'>]: Generate } = {
  procedural: (shard) => generateShard(shard, shardSource, everydayNumbers, new AbortController().signal),
  llm: (shard) => promptShard(shard),
}

describe.each(variantsOf.generator)('generator %s', (name) => {
  const make = variants[name]

  test('gives each index of the shard exactly one outcome', async () => {
    const shard = shardOf({ from: 40, count: 25 })
    const batch = Batch.schema.parse(await make(shard))
    const outcomes = [
      ...batch.candidates.map(({ id }) => Number(id.split('.')[3])),
      ...batch.failures.map(({ index }) => index),
    ]
    expect(outcomes.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, i) => 40 + i))
  })

  test('gives equal batches for equal shards, and the same rows however the indexes are cut into shards', async () => {
    const whole = await make(shardOf({ from: 0, count: 20 }))
    expect(await make(shardOf({ from: 0, count: 20 }))).toEqual(whole)
    const parts = [await make(shardOf({ from: 0, count: 7 })), await make(shardOf({ from: 7, count: 13 }))]
    expect(parts.flatMap(({ candidates }) => candidates)).toEqual(whole.candidates)
  })

  test('gives other rows for another seed', async () => {
    const one = await make(shardOf({ from: 0, count: 10, seed: '1' }))
    const two = await make(shardOf({ from: 0, count: 10, seed: '2' }))
    expect(one.candidates.map(({ input }) => input)).not.toEqual(two.candidates.map(({ input }) => input))
  })

  test('names no run and no time in its rows', async () => {
    const { candidates } = await make(shardOf({ from: 0, count: 5 }))
    expect(JSON.stringify(candidates)).not.toMatch(/test-run|20\d\d-\d\d-\d\dT/)
  })
})

describe('hooks of the generator llm', () => {
  /** A hook that would remember if it could, and uses all that is random in its context. */
  const hooks = Hooks.parse({
    accept: '(() => { let seen = 0; return (row, { chance }) => ++seen === 1 && chance < 0.7 })()',
    expand:
      '(row, { chance, sample }) => Array.from({ length: chance < 0.3 ? 2 : 1 }, (_, n) => ({ ...row, input: [row.input, "Part", n].join(" ") }))',
    maxExpanded: 2,
  })

  test('see the same whatever rows came before, and number what they add', async () => {
    const whole = await promptShard(shardOf({ from: 0, count: 20 }), hooks)
    const parts = [
      await promptShard(shardOf({ from: 13, count: 7 }), hooks),
      await promptShard(shardOf({ from: 0, count: 13 }), hooks),
    ]
    expect(parts.toReversed().flatMap(({ candidates }) => candidates)).toEqual(whole.candidates)
    const ids = whole.candidates.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThan(20)
    const refused = whole.failures.filter(({ kind }) => kind === 'not-accepted').length
    expect(new Set(ids.map((id) => id.split('.')[3])).size + whole.failures.length).toBe(whole.asked)
    expect(refused).toBeGreaterThan(0)
  })
})
