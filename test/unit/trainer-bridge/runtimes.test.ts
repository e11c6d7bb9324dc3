import { expect, test } from 'vitest'
import { describeRuntimes, recordedRuntimes } from '../../../schemas/runtime-identity.ts'
import { readTrainConfig } from '../../../tasks/paper-folder/read.ts'
import { jobHashOf, repliesKey, requireRuntimes } from '../../../trainer-bridge/job.ts'
import { answerers, trainers } from '../../../trainer-bridge/runtimes/table.ts'

const { recipe } = readTrainConfig('', 'train_config.yaml')
const student = { name: 's', path: '', sha256: 'e'.repeat(64) }
const own = { name: 'peft', version: '0.21.2', device: 'cpu' }
const other = { name: 'llama-factory', version: '0.9.5', device: 'cpu' }

test('trainings and replies of the project’s own runtime keep the keys that they had when there was no other', () => {
  const job = { datasetHash: 'd'.repeat(64), student, recipe, seed: 1 }
  const replies = { student, adapterSha256: null, questionsSha256: 'f'.repeat(64), examples: [], system: 's' }
  const keys = [
    jobHashOf({
      ...job,
      chat: { template_date: '2025-01-01' },
      runtime: 2,
      trainer: recordedRuntimes(own, own)?.train,
    }),
    jobHashOf(job),
    repliesKey({ ...replies, inference: { max_new_tokens: 9 }, answerer: recordedRuntimes(other, own)?.infer }),
  ]
  expect(keys).toEqual([
    'e43a59c9fa388e1038cde60d6845bd8fe6f74a0ca78a1fb517d73fa9e14ae032',
    'ed5bc9a8c5d41fb2d47f53eead5c3e6e63fba89c68beb9792fb807fc39030ce4',
    '7eede255c205489357dd1efaa6fa10ae9717d3daddbdc601bd8329afe399e12f',
  ])
})

test('a run records what trains and answers, but not the project’s own runtime', () => {
  expect(recordedRuntimes(own, own)).toBeUndefined()
  expect(recordedRuntimes(other, own)).toEqual({ train: other })
  expect(recordedRuntimes(own, { ...other, name: 'vllm' })).toEqual({ infer: { ...other, name: 'vllm' } })
  expect(describeRuntimes({ train: other })).toBe('trained by llama-factory 0.9.5 on cpu, answered by peft')
})

test('a bridge refuses the work of a run that was begun with other runtimes, versions or devices', () => {
  expect(() => requireRuntimes(undefined, undefined)).not.toThrow()
  expect(() => requireRuntimes({ train: other }, { train: other })).not.toThrow()
  for (const begunWith of [
    undefined,
    { infer: other },
    { train: { ...other, version: '0.9.4' } },
    { train: { ...other, device: 'cuda' } },
  ])
    expect(() => requireRuntimes({ train: other }, begunWith)).toThrow('start it with the first ones')
  expect(() => requireRuntimes(undefined, { train: other })).toThrow(
    'trained by llama-factory 0.9.5 on cpu, answered by peft',
  )
})

test('the runtimes are listed by the names that they have', () => {
  for (const [name, declared] of [...Object.entries(trainers), ...Object.entries(answerers)])
    expect(declared.name).toBe(name)
})
