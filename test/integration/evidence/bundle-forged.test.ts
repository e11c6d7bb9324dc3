import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBundle } from '../../../evidence/bundle/read.ts'
import { verifyBundle } from '../../../evidence/bundle/verify.ts'
import { writeBundle } from '../../../evidence/bundle/write.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { Evidence } from '../../../schemas/run.ts'
import type { Task } from '../../../schemas/task.ts'
import { loadTask } from '../../../tasks/load.ts'
import { jobHashOf } from '../../../trainer-bridge/job.ts'
import { type Entry, forge } from '../../support/forge.ts'
import { madeRun } from '../../support/made-run.ts'
import { writeMiniTask } from '../../support/mini-task.ts'
import { type TestServer, withServer } from '../../support/nats.ts'
import { changeObject, repack } from '../../support/repack.ts'

/** What somebody changes who can make every part of a bundle agree again: items, report, names and hashes follow from the new log. */

let folder: string
let server: TestServer
let task: Task
let bundle: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-forged-'))
  server = await withServer()
  task = await loadTask(await writeMiniTask(join(folder, 'task')))
  const evidence = Evidence.parse({ seeds: 2, arms: ['control', 'random'], submissions: true, retention: true })
  const request = { runId: 'forged', seed: 5, attempts: 3, evidence }
  const operator = await madeRun(server, { task, topology: await readTopology(defaultTopology), request })
  bundle = join(folder, 'forged.tar.gz')
  await writeBundle(operator, 'forged', bundle)
}, 120_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function differences(file: string, withTask: Task | null = null): Promise<{ check: string; place: string }[]> {
  await using finalEval = await openBundle(file)
  const results = await Array.fromAsync(verifyBundle(finalEval, { task: withTask }))
  return results.flatMap(({ check, differences }) => differences.map(({ place }) => ({ check, place })))
}
const checksOf = async (file: string) => new Set((await differences(file)).map(({ check }) => check))
const of = (log: readonly Entry[], name: string) => log.filter((entry) => entry.name === name)
const payloadOf = (log: readonly Entry[], name: string) => of(log, name)[0]!.payload

test('a bundle that is made again without a change holds together', async () => {
  expect(await differences(await forge(bundle, 'same', (log) => log))).toEqual([])
})

describe('caught by nothing but the steps of the planner:', () => {
  test('another attempt that is said to be the chosen one, with all that follows from it', async () => {
    const file = await forge(bundle, 'chosen', (log) => {
      const finished = payloadOf(log, 'run-finished')
      const other = finished.chosenAttempt === 1 ? 2 : 1
      const verdict = of(log, 'verdict').findLast(({ payload }) => payload.attempt === other)!.payload
      const { dataset, datasetHash, rows } = verdict
      Object.assign(finished, { chosenAttempt: other, dataset, datasetHash })
      let text = JSON.stringify(log)
      for (const { payload } of of(log, 'job').filter((job) => job.payload.studentModel.startsWith('final'))) {
        const { studentModel } = of(log, 'predictions').find(
          (each) => each.payload.studentModel.name === payload.studentModel,
        )!.payload
        const student = { name: '', path: '', sha256: studentModel.studentHash }
        const training = { ...payload.training, dataset, datasetHash }
        text = text
          .replaceAll(studentModel.jobHash, jobHashOf({ ...training, student, recipe: task.recipe }))
          .replaceAll(JSON.stringify(payload.training), JSON.stringify(training))
      }
      const forged: Entry[] = JSON.parse(text)
      const finalEvalNumber = payloadOf(forged, 'final-eval-request')
      const final = finalEvalNumber.arms.find((arm: { arm: string }) => arm.arm === 'final')
      finalEvalNumber.datasets = finalEvalNumber.datasets.map((each: { sha256: string }) =>
        each.sha256 === final.dataset.sha256 ? dataset : each,
      )
      Object.assign(final, { dataset, datasetHash, rows })
      return forged
    })
    expect(await checksOf(file)).toContain('planner')
  })

  test.each<[string, (entry: Entry) => boolean]>([
    ['the end of the run', ({ name }) => name === 'run-finished'],
    ['a status', ({ name, payload }) => name === 'status-changed' && payload.status === 'finished'],
    ['the report on an arm, and what it caused', ({ id }) => id.endsWith('report:final-s2')],
  ])('%s, dropped', async (what, dropped) => {
    const file = await forge(bundle, what.replaceAll(/\W/g, '-'), (log) => log.filter((entry) => !dropped(entry)))
    expect(await checksOf(file)).toEqual(new Set(['planner']))
  })

  test('a reason to stop, and a status that was never told', async () => {
    const stopped = await forge(bundle, 'stopped', (log) => {
      payloadOf(log, 'run-finished').stopReason = 'first-valid'
      return log
    })
    expect(await checksOf(stopped)).toEqual(new Set(['planner']))
    const reported = await forge(bundle, 'told', (log) => {
      const last = log.at(-1)!
      const more = structuredClone(last)
      Object.assign(more, { seq: last.seq + 1, id: `${last.id}x`, payload: { ...last.payload, reason: 'best ever' } })
      return [...log, more]
    })
    expect(await checksOf(reported)).toEqual(new Set(['planner']))
  })
})

test('a message that answers another question, or one that comes after it', async () => {
  const cause = await forge(bundle, 'cause', (log) => {
    const [first, second] = of(log, 'report')
    first!.cause = second!.cause
    return log
  })
  expect(await checksOf(cause)).toContain('answers')
  const variants = await forge(bundle, 'variants', (log) => {
    payloadOf(log, 'predictions').variants.planner = 'random'
    return log
  })
  expect(await checksOf(variants)).toEqual(new Set(['answers']))
})

describe('what nobody could have got:', () => {
  type Result = { evalSet: string; studentModel: { arm: string } }
  test.each<[string, string, (log: Entry[]) => void]>([
    [
      'no audit of the chosen dataset alone',
      'sealed',
      (log) => {
        const finalEval = payloadOf(log, 'final-eval-results')
        finalEval.results = finalEval.results.filter(
          ({ evalSet, studentModel }: Result) => evalSet !== 'audit' || studentModel.arm !== 'final',
        )
      },
    ],
    [
      'one adapter of two trainings',
      'jobs',
      (log) => {
        const [first, second] = of(log, 'predictions').flatMap(({ payload }) => payload.studentModel.adapter ?? [])
        first.sha256 = second.sha256
      },
    ],
    [
      'more rows than the dataset has',
      'jobs',
      (log) => {
        for (const name of ['predictions', 'report'])
          of(log, name).find(({ payload }) => payload.studentModel.name === 'attempt-1')!.payload.training.rows += 100
      },
    ],
    ['failed cases that are not the first', 'validation', (log) => void payloadOf(log, 'report').badCases.shift()],
    [
      'scores of another candidate',
      'validation',
      (log) => void Object.assign(of(log, 'report')[1]!.payload, { shownAs: 'base' }),
    ],
  ])('%s', async (what, check, change) => {
    const file = await forge(bundle, what.replaceAll(' ', '-'), (log) => {
      change(log)
      return log
    })
    expect(await checksOf(file)).toContain(check)
  })
})

test('a row that repeats the test, and a drawn audit of other items, by whoever has the task', async () => {
  const copied = await repack(bundle, 'copied', async (files) => {
    const [line] = (await files.lines('rounds.jsonl')).map((text) => JSON.parse(text))
    const path = `objects/${line.value.done['0'].checked.sha256}`
    const shard = JSON.parse(await files.text(path))
    shard.rows.find(({ rejected }: { rejected: string | null }) => rejected === null).row.input = task.test[0]!.input
    await changeObject(files, path, () => [JSON.stringify(shard)])
  })
  const rejected = (await differences(copied, task)).filter(
    ({ check, place }) => check === 'rows' && /rejected$/.test(place),
  )
  expect(rejected).toHaveLength(1)
  const audit = await forge(bundle, 'audit', (log) => {
    const [one, two, ...rest] = payloadOf(log, 'final-eval-results').evalSets.audit
    payloadOf(log, 'final-eval-results').evalSets.audit = [two, one, ...rest]
    return log
  })
  expect((await differences(audit, task)).map(({ check }) => check)).toContain('task')
})

test('a message that is said to be sent again, and says something else', async () => {
  const file = await forge(bundle, 'again', (log) => {
    const last = log.at(-1)!
    const finished = structuredClone(of(log, 'run-finished')[0]!)
    Object.assign(finished, { seq: last.seq + 1, id: `${finished.id}.redrive-LAB-1` })
    finished.payload.validAttempts = 99
    return [...log, finished]
  })
  expect(await checksOf(file)).toContain('answers')
})

test('a time that was changed is said, as far as the order of the log tells', async () => {
  let seq = 0
  const file = await forge(bundle, 'time', (log) => {
    seq = log[5]!.seq
    log[5]!.at = '2020-01-01T00:00:00.000Z'
    return log
  })
  await using finalEval = await openBundle(file)
  const results = await Array.fromAsync(verifyBundle(finalEval))
  expect(results.find(({ check }) => check === 'log')!.unchecked).toEqual([
    `times: message ${seq} is said to be earlier than those before it`,
  ])
})

test('a run of before a field was said is checked in all others', async () => {
  const file = await forge(bundle, 'before', (log) => {
    for (const { payload } of of(log, 'job')) delete payload.student
    return log
  })
  await using finalEval = await openBundle(file)
  const planner = (await Array.fromAsync(verifyBundle(finalEval))).find(({ check }) => check === 'planner')!
  expect(planner.differences).toEqual([])
  expect(planner.unchecked).toEqual([expect.stringContaining('student of job')])
})
