import { appendFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tar from 'tar'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { z } from 'zod'
import type { Bus } from '../../../bus/mod.ts'
import { openBundle } from '../../../evidence/bundle/read.ts'
import { type VerifyOptions, verifyBundle } from '../../../evidence/bundle/verify.ts'
import { writeBundle } from '../../../evidence/bundle/write.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { sha256 } from '../../../schemas/hash.ts'
import { Evidence } from '../../../schemas/run.ts'
import type { Task } from '../../../schemas/task.ts'
import { UsageError } from '../../../schemas/user-error.ts'
import { loadTask } from '../../../tasks/load.ts'
import { filesWith } from '../../support/find-text.ts'
import { madeRun } from '../../support/made-run.ts'
import { writeMiniTask } from '../../support/mini-task.ts'
import { type TestServer, withServer } from '../../support/nats.ts'
import { changeMessage, changeObject, repack, type Tampering } from '../../support/repack.ts'

let folder: string
let server: TestServer
let operator: Bus
let task: Task
let bundle: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-bundles-'))
  server = await withServer()
  const dir = await writeMiniTask(join(folder, 'task'))
  await writeReferences(dir)
  task = await loadTask(dir)
  const evidence = Evidence.parse({
    seeds: 2,
    arms: ['control', 'one-shot', 'random', 'reference-people', 'reference-pipeline'],
    submissions: true,
    retention: true,
  })
  const request = { runId: 'whole', seed: 5, attempts: 3, evidence }
  operator = await madeRun(server, { task, topology: await readTopology(defaultTopology), request })
  bundle = join(folder, 'whole.tar.gz')
  await writeBundle(operator, 'whole', bundle)
}, 120_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** Two references of fewer and of more rows than the chosen dataset has. */
async function writeReferences(dir: string): Promise<void> {
  const counts = { people: 14, pipeline: 40 }
  const named = Object.entries(counts).map(async ([name, count]) => {
    const rows = Array.from({ length: count }, (_, index) => ({
      instruction: 'Compute.',
      input: `A ${name} crate holds ${index + 11} jars and 3 break. How many are whole?`,
      output: `\\boxed{${index + 8}}`,
    }))
    await writeFile(join(dir, `${name}.json`), JSON.stringify(rows))
    return { name, file: `${name}.json` }
  })
  await appendFile(join(dir, 'task.yaml'), stringify({ reference: await Promise.all(named) }))
}

/** Everything that a verification finds, and what it compared. */
async function verified(file: string, options: VerifyOptions = {}) {
  await using finalEval = await openBundle(file)
  const results = await Array.fromAsync(verifyBundle(finalEval, options))
  return {
    results,
    places: results.flatMap(({ differences }) => differences.map(({ place }) => place)),
    checks: results.filter(({ differences }) => differences.length > 0).map(({ check }) => check),
  }
}

test('all of a run is computed again, and nothing differs', async () => {
  const { results, places } = await verified(bundle, { task, deep: true })
  expect(places).toEqual([])
  const compared = Object.fromEntries(results.map((result) => [result.check, result.compared]))
  for (const check of [
    'seeds',
    'programs',
    'admission',
    'datasets',
    'planner',
    'jobs',
    'validation',
    'sealed',
    'items',
    'candidates',
  ]) {
    expect(compared[check], check).toBeGreaterThan(5)
  }
  expect(compared.report).toBeGreaterThan(1000)
  expect(results.flatMap(({ unchecked }) => unchecked)).toEqual([])
})

test('the same run gives the same bytes', async () => {
  const again = join(folder, 'again.tar.gz')
  await writeBundle(operator, 'whole', again)
  expect((await readFile(again)).equals(await readFile(bundle))).toBe(true)
})

test('a line may hold what some readers take for the end of one', async () => {
  const file = await repack(bundle, 'separator', (files) =>
    changeMessage<{ config: { sealing: { note: string } } }>(files, 'run-started', ({ config }) => {
      config.sealing.note = 'sealed\u2028by hand'
    }),
  )
  expect((await verified(file)).checks).toEqual(['report'])
})

test('no sealed question and no sealed answer is in it', async () => {
  const unpacked = await mkdtemp(join(folder, 'unpacked-'))
  await tar.extract({ file: bundle, cwd: unpacked })
  expect(await filesWith(task.validation[0]!.input, [unpacked])).not.toEqual([])
  for (const { input } of task.test) expect(await filesWith(input, [unpacked])).toEqual([])
})

test('a run that waited for a person after a fault is computed again too', async () => {
  const request = { runId: 'faulted', seed: 6, attempts: 2, evidence: Evidence.parse({ seeds: 2 }) }
  const topology = await readTopology(defaultTopology)
  await using other = await withServer()
  const bus = await madeRun(other, { task, topology, request, refusesOnce: 'attempt-1' })
  const file = join(folder, 'faulted.tar.gz')
  await writeBundle(bus, 'faulted', file)
  const { results, places } = await verified(file, { task })
  expect(places).toEqual([])
  expect(results.flatMap(({ unchecked }) => unchecked)).toEqual([])
  await using finalEval = await openBundle(file)
  const reported = String(Buffer.concat(await Array.fromAsync(finalEval.pieces('log.jsonl'))))
  for (const part of ['"status":"faulted"', 'goes on after a fault', '.redrive-LAB-']) expect(reported).toContain(part)
})

test.each([{ ladder: 'on' as const }, { swapValidationAt: 2 }])(
  'a run with %o is computed again, and what guided it is caught where it was changed',
  async (guided) => {
    const name = Object.keys(guided)[0]!.toLowerCase()
    const request = { runId: name, seed: 6, attempts: 4, evidence: Evidence.parse({ ...guided, submissions: true }) }
    await using other = await withServer()
    const bus = await madeRun(other, { task, topology: await readTopology(defaultTopology), request })
    const file = join(folder, `${name}.tar.gz`)
    await writeBundle(bus, name, file)
    expect((await verified(file, { task })).places).toEqual([])
    type Report = { studentModel: { arm: string }; shownAs?: string; halves?: { a: unknown; b: unknown } }
    const changed = await repack(file, `${name}-changed`, (files) =>
      changeMessage<Report>(
        files,
        'report',
        (report) => {
          if (report.halves) [report.halves.a, report.halves.b] = [report.halves.b, report.halves.a]
          else report.shownAs = report.shownAs ? undefined : 'base'
        },
        ({ studentModel }) => studentModel.arm === 'submission',
      ),
    )
    expect((await verified(changed)).checks).toContain('validation')
  },
)

describe('with every hash of the manifest made right, still caught:', () => {
  type FinalEvalResults = {
    evalSets: { test: unknown[] }
    results: { evalSet: string; marks: string; sheet: unknown }[]
  }
  const flip = (digit: string | undefined) => String(Number(digit) ^ 1)
  const swap = <T>(values: readonly T[], one: number, other: number): T[] =>
    values.with(one, values[other]!).with(other, values[one]!)
  const tampered = async (name: string, change: (files: Tampering) => Promise<void>) =>
    verified(await repack(bundle, name.replaceAll(' ', '-'), change))

  test('an item that is right instead of wrong', async () => {
    const { checks, places } = await tampered('flipped', (files) =>
      changeMessage<FinalEvalResults>(files, 'final-eval-results', ({ results }) => {
        results[0]!.marks = flip(results[0]!.marks[0]) + results[0]!.marks.slice(1)
      }),
    )
    expect(checks).toEqual(expect.arrayContaining(['sealed', 'items', 'report']))
    expect(places.find((place) => place.startsWith('items/test.jsonl, line 1 '))).toContain('outcomes.base')
    expect(places.find((place) => place.includes('(final-eval-results)'))).toContain('sheet of base on the test')
  })

  test('a number in the report', async () => {
    const { places } = await tampered('number', async (files) => {
      const report = JSON.parse(await files.text('report.json'))
      report.sealed.contrasts.arms.at(-1).parts.all.strict.value += 0.01
      await files.write('report.json', JSON.stringify(report))
    })
    expect(places).toEqual([
      expect.stringMatching(/^report\.json: sealed\.contrasts\.arms\[\d\]\.parts\.all\.strict\.value$/),
    ])
  })

  test('a number in a report that was published apart', async () => {
    await using finalEval = await openBundle(bundle)
    const report = await finalEval.json('report.json', z.looseObject({ mats: z.looseObject({ value: z.number() }) }))
    report.mats.value += 0.5
    const { places } = await verified(bundle, { published: { file: 'published.json', report } })
    expect(places).toEqual(['published.json: mats.value'])
  })

  test('two rows of a dataset exchanged', async () => {
    const { places } = await tampered('exchanged', async (files) => {
      const path = files.names['dataset of attempt 1']!
      await files.writeLines(path, swap(await files.lines(path), 3, 4))
    })
    expect(places.some((place) => place.includes('datasetHash, over its rows'))).toBe(true)
  })

  test('two rows exchanged, and the new hash written wherever the old one was', async () => {
    const { checks, places } = await tampered('exchanged everywhere', (files) =>
      changeObject(files, files.names['dataset of attempt 1']!, (lines) => swap(lines, 3, 4)),
    )
    expect(checks).toEqual(expect.arrayContaining(['admission', 'jobs']))
    expect(places.some((place) => place.includes('studentModel.jobHash of attempt-1'))).toBe(true)
    expect(places.some((place) => place.includes('datasetHash, from the candidates'))).toBe(true)
  })

  test('a row replaced in what was checked, and the new hash written wherever the old one was', async () => {
    let id = ''
    const { places } = await tampered('replaced', async (files) => {
      const round = JSON.parse((await files.lines('rounds.jsonl'))[0]!)
      const path = `objects/${round.value.done['0'].checked.sha256}`
      const shard = JSON.parse(await files.text(path))
      id = shard.rows[0].row.id
      shard.rows[0].row.output = 'It is \\boxed{1}.'
      await changeObject(files, path, () => [JSON.stringify(shard)])
    })
    expect(places.find((place) => place.endsWith(`row ${id}`))).toMatch(/^objects\//)
  })

  test('two items of the test in another order', async () => {
    const inTable = await tampered('order of a table', async (files) =>
      files.writeLines('items/test.jsonl', swap(await files.lines('items/test.jsonl'), 0, 1)),
    )
    expect(inTable.places).toEqual(expect.arrayContaining(['items/test.jsonl, line 1', 'items/test.jsonl, line 2']))
    const inLog = await tampered('order of a paper', (files) =>
      changeMessage<FinalEvalResults>(files, 'final-eval-results', ({ evalSets }) => {
        evalSets.test = swap(evalSets.test, 0, 1)
      }),
    )
    expect(inLog.places).toContain('items/test.jsonl, line 1')
  })

  test('two items of the test in another order everywhere, by whoever has the task', async () => {
    const file = await repack(bundle, 'order-everywhere', async (files) => {
      await changeMessage<FinalEvalResults>(files, 'final-eval-results', (finalEval) => {
        finalEval.evalSets.test = swap(finalEval.evalSets.test, 0, 1)
        for (const result of finalEval.results.filter(({ evalSet }) => evalSet === 'test'))
          result.marks = swap([...result.marks], 0, 1).join('')
      })
      await files.writeLines('items/test.jsonl', swap(await files.lines('items/test.jsonl'), 0, 1))
    })
    const { places } = await verified(file, { task })
    for (const index of [0, 1]) expect(places.some((place) => place.endsWith(`evalSets.test[${index}]`))).toBe(true)
  })

  test('two validation items in another order', async () => {
    type Report = { items: unknown[] }
    const { checks } = await tampered('order of validation', (files) =>
      changeMessage<Report>(files, 'report', (report) => {
        report.items = swap(report.items, 0, 1)
      }),
    )
    expect(checks).toEqual(expect.arrayContaining(['validation', 'items']))
  })

  test('another seed of the run, and of one training', async () => {
    const ofRun = await tampered('seed', (files) =>
      changeMessage<{ config: { seed: number } }>(files, 'run-started', ({ config }) => {
        config.seed += 1
      }),
    )
    expect(ofRun.checks).toEqual(expect.arrayContaining(['seeds', 'report']))
    type Job = { studentModel: string; training: { seed: number } }
    const isFinal = ({ studentModel }: Job) => studentModel === 'final'
    const change = ({ training }: Job) => {
      training.seed += 1
    }
    const ofTraining = await tampered('training seed', (files) => changeMessage<Job>(files, 'job', change, isFinal))
    expect(ofTraining.checks).toEqual(['seeds', 'planner', 'jobs', 'report'])
    expect(ofTraining.places[0]).toMatch(/^log\.jsonl, message \d+ \(job\): training\.seed$/)
  })

  test('another comparison that the run is judged by, and another seed of it', async () => {
    type Request = { primary: { against: string; seedIndex: number; part: string } }
    for (const change of [{ against: 'random' }, { seedIndex: 2 }, { part: 'in-template' }]) {
      const { checks, places } = await tampered('comparison', (files) =>
        changeMessage<Request>(files, 'final-eval-request', ({ primary }) => void Object.assign(primary, change)),
      )
      expect(checks).toEqual(expect.arrayContaining(['planner', 'report']))
      expect(places[0]).toMatch(/\(final-eval-request\): primary$/)
    }
  })

  test('an arm and a submission that were to sit the test, left out of the list', async () => {
    type Config = { config: { evidence: { submissions: boolean; arms: string[] } } }
    const { places } = await tampered('left out', (files) =>
      changeMessage<Config>(files, 'run-started', ({ config }) => {
        config.evidence.submissions = false
        config.evidence.arms = ['control']
      }),
    )
    expect(new Set(places.filter((place) => /\(final-eval-request\): (arms|studentModels)$/.test(place))).size).toBe(2)
  })

  test('a message that nobody could have sent, or that cannot be read', async () => {
    const changed = (
      name: string,
      change: (entry: { from: { role: string; variant: string }; name: string }) => void,
    ) =>
      tampered(name, async (files) => {
        const entries = (await files.lines('log.jsonl')).map((line) => JSON.parse(line))
        change(entries.find((entry) => entry.name === 'report'))
        await files.writeLines(
          'log.jsonl',
          entries.map((entry) => JSON.stringify(entry)),
        )
      })
    const role = await changed('role', ({ from }) => {
      from.role = 'planner'
    })
    expect(role.places[0]).toMatch(/\(report\): from\.role, one that may send it$/)
    const variant = await changed('variant', ({ from }) => {
      from.variant = 'other'
    })
    expect(variant.places[0]).toMatch(/\(report\): from\.variant$/)
    const unread = await changed('unread', (entry) => {
      entry.name = 'reporting'
    })
    expect(unread.places.some((place) => place.endsWith('(reporting)'))).toBe(true)
  })

  test('a candidate that was shown examples, and an attempt whose decision is another one’s', async () => {
    type Results = { results: { studentModel: { name: string; examples: boolean } }[] }
    const shown = await tampered('shown', (files) =>
      changeMessage<Results>(files, 'final-eval-results', ({ results }) => {
        results.find(({ studentModel }) => studentModel.name === 'final')!.studentModel.examples = true
      }),
    )
    expect(shown.places[0]).toMatch(/\(final-eval-results\): examples of final$/)
    const decided = await tampered('decided', (files) =>
      changeMessage<{ attempt: number }>(files, 'decision', (decision) => {
        decision.attempt += 1
      }),
    )
    expect(decided.checks).toContain('programs')
  })

  test('attempts that were not valid, and a guard that there was not', async () => {
    const attempts = await tampered('attempts', (files) =>
      changeMessage<{ validAttempts: number }>(files, 'run-finished', (finished) => {
        finished.validAttempts -= 1
      }),
    )
    expect(attempts.places[0]).toMatch(/\(run-finished\): validAttempts$/)
    type Config = { config: { evidence: { ladder: string } } }
    const ladder = await tampered('ladder', (files) =>
      changeMessage<Config>(files, 'run-started', ({ config }) => {
        config.evidence.ladder = 'on'
      }),
    )
    expect(ladder.checks).toContain('jobs')
  })

  test('rows of a reference that were refused, by whoever has the task', async () => {
    type Config = { config: { evidence: { references: { refused: number }[] } } }
    const file = await repack(bundle, 'refused', (files) =>
      changeMessage<Config>(files, 'run-started', ({ config }) => {
        config.evidence.references[1]!.refused += 1
      }),
    )
    const { places } = await verified(file, { task })
    expect(places).toContain('task: reference-pipeline, rows refused')
  })

  test('a reply that was made right, with its item, its sheet and its hash', async () => {
    const { checks, places } = await tampered('reply', (files) =>
      changeObject(files, files.names['replies of base to validation']!, (lines) =>
        lines.map((line) => JSON.stringify({ ...JSON.parse(line), text: 'It is \\boxed{0.7}.' })),
      ),
    )
    expect(checks).toEqual(['validation'])
    expect(places[0]).toContain('of base')
  })

  test('a yield, and a program', async () => {
    type Verdict = { bySource: Record<string, { admitted: number }> }
    const yielded = await tampered('yield', (files) =>
      changeMessage<Verdict>(files, 'verdict', ({ bySource }) => {
        Object.values(bySource)[0]!.admitted += 1
      }),
    )
    expect(yielded.checks).toEqual(['admission', 'report'])
    type Decision = { program: { filters: { nearDuplicateJaccard: number } } }
    const program = await tampered('program', (files) =>
      changeMessage<Decision>(files, 'decision', ({ program }) => {
        program.filters.nearDuplicateJaccard = 0.9
      }),
    )
    expect(program.checks).toEqual(['programs', 'planner'])
  })
})

describe('with every hash of the manifest made right, what is not as it was is caught:', () => {
  type Manifest = { names: Record<string, string>; missing: { sha256: string; name: string; reason: string }[] }
  const changeManifest = async (files: Tampering, change: (manifest: Manifest) => unknown) => {
    const manifest = JSON.parse(await files.text('manifest.json'))
    change(manifest)
    await files.write('manifest.json', JSON.stringify(manifest))
  }
  const remove = (files: Tampering, path: string) => rm(join(files.folder, path))
  const without = (path: string, wanted: (line: string) => boolean) => async (files: Tampering) => {
    const lines = await files.lines(path)
    const at = lines.findIndex(wanted)
    expect(at, path).toBeGreaterThanOrEqual(0)
    await files.writeLines(path, lines.toSpliced(at, 1))
  }
  const twice = (path: string) => async (files: Tampering) => {
    const [first, ...rest] = await files.lines(path)
    await files.writeLines(path, [first!, first!, ...rest])
  }
  const message = (name: string) => without('log.jsonl', (line) => line.includes(`"name":"${name}"`))
  const dataset = (files: Tampering) => files.names['dataset of attempt 1']!
  const gone = (path: string) => ({ sha256: path.replace('objects/', ''), name: 'dataset', reason: 'gone' })

  test.each<[string, string, (files: Tampering) => Promise<void>]>([
    ['the record of a round that is gone', 'admission', without('rounds.jsonl', () => true)],
    ['the record of a round that is there twice', 'admission', twice('rounds.jsonl')],
    ['all records of rounds', 'admission', (files) => files.write('rounds.jsonl', '')],
    ['the file of the records', 'files', (files) => remove(files, 'rounds.jsonl')],
    ['a journal', 'files', (files) => remove(files, 'journal/journal.jsonl')],
    ['the versions', 'files', (files) => remove(files, 'versions.json')],
    ['a table of items', 'items', (files) => remove(files, 'items/validation.jsonl')],
    ['an item', 'items', without('items/test.jsonl', () => true)],
    ['a dataset', 'datasets', (files) => remove(files, dataset(files))],
    ['a shard', 'log', message('shard')],
    ['a job', 'log', message('job')],
    ['replies', 'log', message('predictions')],
    ['a decision', 'programs', message('decision')],
    ['a message that is there twice', 'log', twice('log.jsonl')],
    ['an object that nothing names', 'files', (files) => files.write(`objects/${sha256('x')}`, 'x')],
    ['a file that is no part of a bundle', 'files', (files) => files.write('notes.txt', 'x')],
    [
      'a name that stands for another file',
      'files',
      (files) => changeManifest(files, ({ names }) => Object.assign(names, { task: dataset(files) })),
    ],
    [
      'an object that is said to be gone and is there',
      'files',
      (files) => changeManifest(files, ({ missing }) => missing.push(gone(dataset(files)))),
    ],
  ])('%s', async (what, check, change) => {
    const { checks } = await verified(await repack(bundle, what.replaceAll(' ', '-'), change))
    expect(checks).toContain(check)
  })

  test('an object that the bus no longer had is no difference, and is said', async () => {
    const file = await repack(bundle, 'no longer there', async (files) => {
      await changeManifest(files, ({ missing }) => missing.push(gone(dataset(files))))
      await remove(files, dataset(files))
    })
    const { results } = await verified(file)
    const of = (name: string) => results.find(({ check }) => check === name)!
    expect([...of('files').differences, ...of('datasets').differences]).toEqual([])
    expect(of('datasets').unchecked.join()).toContain('was no longer on the bus')
  })
})

test('what is no bundle is said so', async () => {
  const archive = (name: string) => join(folder, `${name}.tar.gz`)
  await writeFile(archive('text'), 'no archive')
  const bytes = await readFile(bundle)
  await writeFile(archive('cut'), bytes.subarray(0, bytes.length / 2))
  await symlink('/etc/hostname', join(folder, 'link'))
  await writeFile(join(folder, 'manifest.json'), '{}')
  await writeFile(join(folder, 'a b'), 'x')
  const packed: Record<string, [string[], { prefix?: string; preservePaths?: boolean }, string]> = {
    link: [['link'], {}, 'link in it is no plain file'],
    twice: [['manifest.json', 'manifest.json'], {}, 'manifest.json is in it twice'],
    climbs: [['manifest.json'], { prefix: '../../..' }, 'is no path of a bundle'],
    absolute: [[join(folder, 'manifest.json')], { preservePaths: true }, 'is no path of a bundle'],
    blank: [['a b'], {}, 'a b in it is no path of a bundle'],
    empty: [['manifest.json'], {}, 'manifest.json, version: it was made by another version of Syllabus'],
  }
  for (const [name, [paths, options, message]] of Object.entries(packed)) {
    await tar.create({ file: archive(name), cwd: folder, gzip: true, ...options }, paths)
    await expect(openBundle(archive(name)), name).rejects.toThrow(message)
  }
  for (const name of ['text', 'cut', 'nothing', ...Object.keys(packed)]) {
    await expect(openBundle(archive(name)), name).rejects.toThrow(UsageError)
  }
  await expect(openBundle('/dev/zero')).rejects.toThrow('it is no file')
  await expect(openBundle(bundle, 10_000)).rejects.toThrow('more than the 10000 bytes')
})
