import { beforeAll, expect, test } from 'vitest'
import { generateTopology, scaleProgram } from '../../../experiments/generate/plan.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import type { Topology } from '../../../schemas/topology.ts'
import { promptProgram } from '../../support/prompt-program.ts'

let usual: Topology
beforeAll(async () => {
  usual = await readTopology(defaultTopology)
})

function plan(rows: number, contract = { maxInputChars: 400, maxOutputChars: 400 }, topology = usual) {
  const program = { ...scaleProgram(promptProgram({ rows: 10 }), rows), contract }
  return generateTopology(topology, program, { rows, generators: 2, model: 'm' })
}

test('few rows have the usual shards, many have larger ones, so that their rounds stay few', () => {
  expect(plan(2000).run.shardSize).toBe(usual.run.shardSize)
  const { shardSize, roundCandidates } = plan(100_000).run
  expect(shardSize).toBe(269)
  expect(8000 / plan(8000).run.roundCandidates!).toBeLessThan(1)
  expect(100_000 / roundCandidates!).toBeLessThan(3)
})

test('a shard of long rows still fits into one message', () => {
  const { shardSize } = plan(100_000, { maxInputChars: 20_000, maxOutputChars: 20_000 }).run
  expect(shardSize * 40_000).toBeLessThan(1024 ** 2)
  expect(plan(100, { maxInputChars: 200_000, maxOutputChars: 400_000 }).run.shardSize).toBe(1)
})

test('what a crashed agent had in hand comes again soon, unless the topology says when', () => {
  expect(plan(10).delivery).toMatchObject({ shard: { ackWaitMs: 10_000 }, batch: { ackWaitMs: 10_000 } })
  const own = { ...usual, delivery: { batch: { ackWaitMs: 2000, maxDeliver: 3 } } }
  expect(plan(10, undefined, own).delivery.batch).toEqual({ ackWaitMs: 2000, maxDeliver: 3 })
})
