import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newAgent } from '../../../experiments/new-agent/new-agent.ts'
import { languages, newRoles } from '../../../experiments/new-agent/template.ts'
import { readTopologyText } from '../../../launcher/topology/topology-file.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-new-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const cases = newRoles.flatMap((role) => languages.map((language) => ({ role, language })))

describe.each(cases)('a new $role in $language', ({ role, language }) => {
  test('has code, a test and a topology that names it', async () => {
    const dir = join(folder, `my-${role}-${language}`)
    const { files, name, next } = await newAgent({ role, language, dir })
    expect(name).toBe(`my-${role}-${language}`)
    expect((await readdir(dir)).sort()).toEqual(files)
    const code = files.find((file) => /^my.*\.(ts|py)$/.test(file) && !file.includes('.test.'))!
    expect(files.some((file) => /test/.test(file))).toBe(true)
    const { agents } = (await readTopologyText(join(dir, 'topology.yaml'))) as {
      agents: Record<string, { variant: string }>
    }
    expect(agents[role]!.variant).toContain(code)
    expect(next.some((line) => line.startsWith('npx syllabus agent check '))).toBe(true)
  })
})

test('a folder with files is left as it is', async () => {
  const dir = await mkdtemp(join(folder, 'held-'))
  await writeFile(join(dir, 'mine.txt'), 'mine')
  await expect(newAgent({ role: 'generator', language: 'ts', dir, name: 'mine' })).rejects.toThrow(
    /holds files already/,
  )
  expect(await readdir(dir)).toEqual(['mine.txt'])
})

test.each([
  ['No Name', /cannot be the name/],
  ['procedural', /name of a built-in/],
  ['a'.repeat(40), /cannot be the name/],
])('the name "%s" is refused', async (name, reason) => {
  const dir = join(folder, 'named')
  await expect(newAgent({ role: 'generator', language: 'ts', dir, name })).rejects.toThrow(reason)
})
