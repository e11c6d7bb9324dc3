import { InvalidArgumentError } from 'commander'
import { describe, expect, test } from 'vitest'
import { bundledTask } from '../../cli/bundled-task.ts'
import { UsageError } from '../../cli/errors.ts'
import { planEvidence, referenceRows } from '../../cli/evidence.ts'
import { arms } from '../../cli/option-parsers.ts'
import { defaultTopology, readTopology } from '../../cli/topology-file.ts'
import { Topology } from '../../schemas/topology.ts'
import { loadTask, publicView } from '../../tasks/load.ts'

const task = await loadTask(bundledTask)
const local = await readTopology(defaultTopology)
const plain = Topology.parse({ name: 'plain', agents: local.agents })
const written = [
  { instruction: 'Compute.', input: 'A crate holds 41 jars and 3 break. How many are whole?', output: '\\boxed{38}' },
  { instruction: 'Compute.', input: task.test[0]!.input, output: `\\boxed{${task.test[0]!.answer}}` },
]
const withReference = { ...task, reference: 'reference.json', referenceRows: written }

describe('what a run measures', () => {
  test('every baseline that the task allows and the submissions, unless topology or options say less', () => {
    expect(planEvidence(task, plain, {})).toEqual({
      seeds: 1,
      arms: ['control', 'one-shot', 'random'],
      submissions: true,
      retention: true,
      guard: 'off',
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

  test('a reference that the task does not have stops before anything is started', () => {
    expect(() => planEvidence(task, plain, { arms: ['reference'] })).toThrow(UsageError)
  })

  test('the guard is on from 500 validation items, and excludes a swap', () => {
    const large = { ...task, validation: Array.from({ length: 500 }, () => task.validation[0]!) }
    expect(planEvidence(large, plain, {}).guard).toBe('ladder')
    expect(planEvidence(large, plain, { swapValidationAt: 2 })).toMatchObject({ guard: 'off', swapValidationAt: 2 })
    const run = (guard: 'off' | 'ladder') => ({
      ...plain,
      run: { ...plain.run, evidence: { ...plain.run.evidence, guard } },
    })
    expect(planEvidence(large, run('off'), {}).guard).toBe('off')
    expect(planEvidence(task, run('ladder'), {}).guard).toBe('ladder')
    expect(() => planEvidence(task, run('ladder'), { swapValidationAt: 2 })).toThrow(UsageError)
    expect(() => planEvidence(task, plain, { swapValidationAt: 1 })).toThrow('the run has 3')
    expect(() => planEvidence(task, plain, { swapValidationAt: 4 })).toThrow('the run has 3')
    expect(planEvidence(task, plain, { swapValidationAt: 4, attempts: 4 }).swapValidationAt).toBe(4)
  })

  test('reference rows that copy an item are refused, and no agent is shown the others', () => {
    const { rows, refused } = referenceRows(withReference)
    expect(rows.map(({ input }) => input)).toEqual([written[0]!.input])
    expect(refused).toBe(1)
    expect(JSON.stringify(publicView(withReference))).not.toContain('jars')
  })

  test('the option --arms takes names, all and none', () => {
    expect(arms('control, one-shot')).toEqual(['control', 'one-shot'])
    expect(arms('all')).toBe('all')
    expect(arms('none')).toEqual([])
    expect(() => arms('control,best')).toThrow(InvalidArgumentError)
  })
})
