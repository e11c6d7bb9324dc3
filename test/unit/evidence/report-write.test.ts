import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ReportData, writeReport } from '../../../evidence/report/mod.ts'
import { runLog } from '../../support/run-log.ts'
import { datasetRows, publicTask } from '../../support/run-log-data.ts'

test('three files, whole, that agree; rows that cannot be read are told', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'report-'))
  try {
    const readRows = async ({ name }: { name: string }) => {
      if (name.endsWith('attempt-3')) throw new Error('gone')
      return datasetRows(2)
    }
    const options = { dir: join(dir, 'run'), entries: runLog(), task: publicTask(), versions: {}, readRows }
    const written = await writeReport(options)
    expect((await readdir(options.dir)).sort()).toEqual(['report.html', 'report.json', 'report.md'])
    const data = ReportData.parse(JSON.parse(await readFile(written.json, 'utf8')))
    expect(data).toEqual(written.data)
    expect(data.datasets.map(({ attempt, mixFrom }) => [attempt, mixFrom])).toEqual([
      [0, 'dataset'],
      [1, 'dataset'],
      [2, 'dataset'],
      [3, 'log'],
    ])
    expect(data.samples).toMatchObject({ attempt: 2 })
    expect(await readFile(written.html, 'utf8')).toContain('could not be read')
  } finally {
    await rm(dir, { recursive: true })
  }
})
