import { InvalidArgumentError } from 'commander'
import { describe, expect, test } from 'vitest'
import { referenceRows } from '../../../agents/kit/dedup/evaluation-items.ts'
import { armNames } from '../../../cli/options/run-options.ts'
import { planEvidence } from '../../../experiments/run/evidence.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import type { Evidence } from '../../../schemas/run.ts'
import { Topology } from '../../../schemas/topology.ts'
import { UsageError } from '../../../schemas/user-error.ts'
import { bundledTask } from '../../../tasks/bundled-task.ts'
import { loadTask, publicView } from '../../../tasks/load.ts'

const task = await loadTask(bundledTask)
const local = await readTopology(defaultTopology)
const plain = Topology.parse({ name: 'plain', agents: local.agents })
const written = [
  { instruction: 'Compute.', input: 'A crate holds 41 jars and 3 break. How many are whole?', output: '\\boxed{38}' },
  { instruction: 'Compute.', input: task.test[0]!.input, output: `\\boxed{${task.test[0]!.answer}}` },
]
const withReference = { ...task, references: [{ arm: 'reference' as const, rows: written }] }
const withSeveral = {
  ...task,
  references: [
    { arm: 'reference-people' as const, rows: written },
    { arm: 'reference-pipeline' as const, rows: written.slice(0, 1) },
  ],
}

describe('what a run measures', () => {
  test('every baseline that the task allows and the submissions, unless topology or options say less', () => {
    expect(planEvidence(task, plain, {})).toEqual({
      seeds: 1,
      arms: ['control', 'one-shot', 'random'],
      submissions: true,
      retention: true,
      ladder: 'off',
      swapValidationAt: null,
    })
    expect(planEvidence(withReference, plain, {}).arms).toContain('reference')
    expect(planEvidence(task, local, {})).toMatchObject({ seeds: 1, arms: ['control'], submissions: false })
    expect(planEvidence(task, local, { seeds: 3, arms: ['random'], submissions: true })).toMatchObject({
      seeds: 3,
      arms: ['random'],
      submissions: true,
    })
    expect(planEvidence(task, plain, { arms: [], submissions: false })).toMatchObject({ arms: [], submissions: false })
  })

  test('of several references all are asked for together, or each by its name', () => {
    const arms = (asked?: 'all' | Evidence['arms']) =>
      planEvidence(withSeveral, plain, asked === undefined ? {} : { arms: asked }).arms
    expect(arms()).toEqual(['control', 'one-shot', 'random', 'reference-people', 'reference-pipeline'])
    expect(arms('all')).toEqual(arms())
    expect(arms(['reference', 'reference-people'])).toEqual(['reference-people', 'reference-pipeline'])
    expect(arms(['reference-pipeline', 'control'])).toEqual(['reference-pipeline', 'control'])
    expect(() => arms(['reference-other'])).toThrow('has reference-people, reference-pipeline')
  })

  test('a reference that the task does not have stops before anything is started', () => {
    expect(() => planEvidence(task, plain, { arms: ['reference'] })).toThrow(UsageError)
  })

  test('the guard is on from 500 validation items, and excludes a swap', () => {
    const large = { ...task, validation: Array.from({ length: 500 }, () => task.validation[0]!) }
    expect(planEvidence(large, plain, {}).ladder).toBe('on')
    expect(planEvidence(large, plain, { swapValidationAt: 2 })).toMatchObject({ ladder: 'off', swapValidationAt: 2 })
    const run = (ladder: 'off' | 'on') => ({
      ...plain,
      run: { ...plain.run, evidence: { ...plain.run.evidence, ladder } },
    })
    expect(planEvidence(large, run('off'), {}).ladder).toBe('off')
    expect(planEvidence(task, run('on'), {}).ladder).toBe('on')
    expect(() => planEvidence(task, run('on'), { swapValidationAt: 2 })).toThrow(UsageError)
    expect(() => planEvidence(task, plain, { swapValidationAt: 1 })).toThrow('the run has 3')
    expect(() => planEvidence(task, plain, { swapValidationAt: 4 })).toThrow('the run has 3')
    expect(planEvidence(task, plain, { swapValidationAt: 4, attempts: 4 }).swapValidationAt).toBe(4)
  })

  test('reference rows that copy an item are refused, and no agent is shown the others', () => {
    const read = (of: typeof task) =>
      referenceRows(of).map(({ arm, rows, refused }) => [arm, rows.map(({ input }) => input), refused])
    expect(read(withReference)).toEqual([['reference', [written[0]!.input], 1]])
    expect(read(withSeveral)).toEqual([
      ['reference-people', [written[0]!.input], 1],
      ['reference-pipeline', [written[0]!.input], 0],
    ])
    expect(JSON.stringify(publicView(withReference))).not.toContain('jars')
  })

  test('the option --arms takes names, all and none', () => {
    expect(armNames('control, one-shot')).toEqual(['control', 'one-shot'])
    expect(armNames('reference-people')).toEqual(['reference-people'])
    expect(armNames('all')).toBe('all')
    expect(armNames('none')).toEqual([])
    expect(() => armNames('control,best')).toThrow(InvalidArgumentError)
  })
})
