import { nothingMade } from '../../agents/planner/attempt.ts'
import type { Attempt } from '../../agents/planner/state.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import type { Program } from '../../schemas/program.ts'
import { Evidence, type RunConfig } from '../../schemas/run.ts'
import { runLimits } from './run-limits.ts'

/** A reference to a blob that nobody reads. */
export const refTo = (name: string): ObjectRef => ({ account: 'LAB', name, sha256: hashOf(name), bytes: 1 })

export function configOf(changes: Partial<RunConfig> = {}): RunConfig {
  return {
    runId: 'test-run',
    seed: 1,
    attempts: 3,
    rows: 60,
    minimumRows: 30,
    variants: {
      planner: 'rules',
      generator: 'procedural',
      critic: 'rules',
      'trainer-bridge': 'peft',
      evaluator: 'scorer',
    },
    models: {},
    prices: {},
    limits: runLimits,
    taskHash: hashOf('task'),
    publicTask: refTo('public'),
    sealedTask: refTo('sealed'),
    primary: 'strict',
    evidence: Evidence.parse({}),
    setting: 'scratch',
    sealing: { enforced: true, note: 'for a test' },
    startedAt: '2026-01-01T00:00:00.000Z',
    ...changes,
  }
}

export function attemptOf(program: Program): Attempt {
  return {
    ...nothingMade,
    attempt: 1,
    operation: 'draft',
    diagnosis: '',
    program,
    programHash: hashOf(program),
    programObject: refTo('program'),
    outcome: 'generating',
  }
}
