import { expect, test } from 'vitest'
import { isFinal, limitsFor } from '../../../experiments/generate/begin.ts'
import { generateTopology } from '../../../experiments/generate/plan.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { attemptOf, configOf } from '../../support/planner-fixtures.ts'
import { promptProgram } from '../../support/prompt-program.ts'

const program = promptProgram({ rows: 100 })
const limits = { ...configOf().limits, teacherCalls: 150, candidateCap: 2, tokens: 9000, modelCalls: { small: 5 } }
const begun = { config: configOf({ rows: 100, limits }), attempts: [{ ...attemptOf(program), round: 4 }] }

async function topologyWith(given: { budget?: number; candidateCap?: number }, run = {}) {
  const read = await readTopology(defaultTopology, { over: { run } })
  return generateTopology(read, program, { rows: 100, generators: 1, model: 'test', ...given })
}

test('a limit that the command leaves out stays as it was; rounds count from here', async () => {
  const topology = await topologyWith({})
  expect(limitsFor(begun, topology, {})).toEqual({
    ...limits,
    maxRounds: 4 + topology.run.maxRounds,
    maxHours: topology.run.maxHours,
  })
})

test('what the command or its topology names replaces what the run has', async () => {
  const topology = await topologyWith({ budget: 400, candidateCap: 5 }, { tokens: 20_000, modelCalls: { large: 7 } })
  expect(limitsFor(begun, topology, { candidateCap: 5 })).toMatchObject({
    teacherCalls: 400,
    candidateCap: 5,
    tokens: 20_000,
    modelCalls: { small: 5, large: 7 },
  })
})

test('a run whose rows are there, or whose program is at fault, has nothing to go on with', () => {
  expect(isFinal({ phase: 'done', stopReason: 'rows-complete' })).toBe(true)
  expect(isFinal({ phase: 'done', stopReason: 'program-raised' })).toBe(true)
  expect(isFinal({ phase: 'done', stopReason: 'teacher-unavailable' })).toBe(false)
  expect(isFinal({ phase: 'searching', stopReason: null })).toBe(false)
})
