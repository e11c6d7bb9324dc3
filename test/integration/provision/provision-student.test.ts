import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { diagnoseSetup, provisionStudent, studentPath } from '../../../provision/mod.ts'
import { brokenStudentFile, readyStudent } from '../../../provision/student.ts'
import { home as realHome, runtimePython } from '../../support/python.ts'

let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'syllabus-student-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const gguf = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53'
const digest = (text: string) => createHash('sha256').update(text).digest('hex')

/** A finished student's folder with small files in place of weights. */
async function finished(): Promise<string> {
  const path = studentPath(home)
  await mkdir(path, { recursive: true })
  await writeFile(join(path, 'model.safetensors'), 'weights')
  const files = { 'model.safetensors': { bytes: 7, sha256: digest('weights') } }
  await writeFile(join(path, 'syllabus-student.json'), JSON.stringify({ sha256: digest('all'), gguf, files }))
  return path
}

const findingOf = async (name: string) => (await diagnoseSetup({ home })).find((finding) => finding.name === name)

test('the embedded student is there, verified, and found at once the second time', { timeout: 900_000 }, async () => {
  const python = await runtimePython()
  const first = await provisionStudent({ home: realHome, python })
  const lines: string[] = []
  const started = performance.now()
  expect(await provisionStudent({ home: realHome, python, onProgress: (line) => lines.push(line) })).toEqual(first)
  expect(performance.now() - started).toBeLessThan(1_000)
  expect(lines).toEqual([])
  expect(await brokenStudentFile(realHome)).toBeUndefined()
})

test('a finished student is found; one with a file cut short is not', async () => {
  const path = await finished()
  expect(await readyStudent(home)).toEqual({ path, sha256: digest('all') })
  await writeFile(join(path, 'model.safetensors'), 'weig')
  expect(await readyStudent(home)).toBeUndefined()
  expect(await findingOf('student')).toMatchObject({ status: 'broken' })
})

test('a file changed without changing size is found by doctor', async () => {
  const path = await finished()
  expect(await findingOf('student')).toMatchObject({ status: 'ok' })
  await writeFile(join(path, 'model.safetensors'), 'wEights')
  expect(await brokenStudentFile(home)).toBe(join(path, 'model.safetensors'))
  expect(await findingOf('student')).toMatchObject({ status: 'broken', fix: expect.stringContaining('rm -r') })
})

test('doctor names what is missing and how it comes', async () => {
  const findings = await diagnoseSetup({ home, env: { ...process.env, NATS_URL: undefined, PATH: '/nowhere' } })
  const status = Object.fromEntries(findings.map((finding) => [finding.name, finding.status]))
  expect(status).toMatchObject({
    node: 'ok',
    python: 'broken',
    'nats-server': 'missing',
    'fine-tuning runtime': 'missing',
    student: 'missing',
  })
  for (const finding of findings) if (finding.status !== 'ok') expect(finding.fix, finding.name).toBeTruthy()
})
