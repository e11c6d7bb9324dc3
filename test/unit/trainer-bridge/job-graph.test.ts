import { describe, expect, test } from 'vitest'
import { doJob, type JobStages, memoryLoss } from '../../../trainer-bridge/job-graph.ts'
import { RuntimeDiedError, RuntimeRequestError } from '../../../trainer-bridge/runtime-errors.ts'
import type { TrainedJob } from '../../../trainer-bridge/trainings.ts'

const trained = { jobHash: 'a', reused: false } as unknown as TrainedJob
const outOfMemory = new RuntimeRequestError('out_of_memory', 'memory ran out during train')

/** Stages that note what was done; `trainings`: how each training ends. */
function stagesOf(
  {
    found = 'to be trained',
    fault = null,
    trainings = [],
  }: Partial<{
    found: Awaited<ReturnType<JobStages['prepare']>>
    fault: string | null
    trainings: (Error | null)[]
  }>,
  done: string[] = [],
): { stages: JobStages; done: string[] } {
  const ends = trainings.values()
  const note = (what: string) => void done.push(what)
  return {
    done,
    stages: {
      prepare: async () => found,
      memoryFault: async () => fault,
      async train(halvings) {
        note(`train ${halvings}`)
        const failure = ends.next().value
        if (failure) throw failure
        return trained
      },
      cleanUp: async () => note('clean up'),
      async infer(model) {
        note(`infer ${model?.jobHash ?? 'base'}`)
        return 'file'
      },
      publish: async (model, file) => note(`publish ${model?.jobHash ?? 'base'} ${file}`),
      onRecovery: (halvings) => note(`recover ${halvings}`),
    },
  }
}

const signal = new AbortController().signal

describe('what a job does, in order', () => {
  test.each([
    ['a training', {}, ['train 0', 'infer a', 'publish a file']],
    ['one that is there', { found: { ...trained, reused: true } }, ['infer a', 'publish a file']],
    ['the base', { found: 'none' as const }, ['infer base', 'publish base file']],
    [
      'memory that runs out twice',
      { trainings: [outOfMemory, outOfMemory] },
      ['train 0', 'clean up', 'recover 1', 'train 1', 'clean up', 'recover 2', 'train 2', 'infer a', 'publish a file'],
    ],
    [
      'a runtime that the system killed',
      { trainings: [new RuntimeDiedError('the runtime ended with signal SIGKILL')] },
      ['train 0', 'clean up', 'recover 1', 'train 1', 'infer a', 'publish a file'],
    ],
  ])('%s', async (_, given, expected) => {
    const { stages, done } = stagesOf(given)
    await doJob(stages, 4, signal)
    expect(done).toEqual(expected)
  })
})

describe('what ends a job', () => {
  test.each([
    ['a training that does not fit', { fault: 'a training takes 30 GB; lower cutoff_len' }, [], /takes 30 GB/],
    ['another failure', { trainings: [new RuntimeRequestError('bad_dataset', 'no rows')] }, ['train 0'], /no rows/],
    [
      'memory that runs out whatever is done',
      { trainings: [outOfMemory, outOfMemory] },
      ['train 0', 'train 1'],
      /halved 1 times; lower cutoff_len/,
    ],
  ])('%s', async (_, given, trainedAs, message) => {
    const { stages, done } = stagesOf(given)
    await expect(doJob(stages, 1, signal)).rejects.toThrow(message)
    expect(done.filter((each) => each.startsWith('train'))).toEqual(trainedAs)
    expect(done.some((each) => /infer|publish/.test(each))).toBe(false)
  })

  test.each([
    [new RuntimeDiedError('no sign of life for 60000 ms'), false],
    [new RuntimeDiedError('the runtime ended with status 1: RuntimeError: CUDA out of memory'), true],
    [new RuntimeRequestError('internal', 'the loss became nan'), false],
    [new Error('aborted'), false],
  ])('%s is memory lost: %s', (failure, expected) => {
    expect(memoryLoss(failure) !== null).toBe(expected)
  })
})
