import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { generatedFiles, staleFiles } from '../../../schemas/generate.ts'
import { registry } from '../../../schemas/registry.ts'

const root = join(import.meta.dirname, '../../..')

test('what lies in the repository is what would be generated', () => {
  expect(staleFiles(root)).toEqual([])
})

test('a changed, missing or surplus file is found', () => {
  const copy = mkdtempSync(join(tmpdir(), 'syllabus-schemas-'))
  try {
    for (const folder of ['schemas/generated', 'docs'])
      cpSync(join(root, folder), join(copy, folder), { recursive: true })
    expect(staleFiles(copy)).toEqual([])
    writeFileSync(join(copy, 'schemas/generated/message-shard.json'), '{}')
    writeFileSync(join(copy, 'schemas/generated/message-gone.json'), '{}')
    rmSync(join(copy, 'docs/messages.md'))
    expect(staleFiles(copy)).toEqual([
      'docs/messages.md',
      'schemas/generated/message-gone.json',
      'schemas/generated/message-shard.json',
    ])
  } finally {
    rmSync(copy, { recursive: true })
  }
})

test('every message has a schema and a line in the catalogue', () => {
  const files = generatedFiles()
  for (const { name, version } of Object.values(registry)) {
    expect(files.has(`schemas/generated/message-${name}.json`)).toBe(true)
    expect(files.get('docs/messages.md')).toContain(`\`${name}@${version}\``)
  }
})

test('the input side is written: a field with a default may be left out', () => {
  const Topology = z.object({ required: z.array(z.string()) })
  const topology = generatedFiles().get('schemas/generated/topology.json') ?? '{}'
  expect(Topology.parse(JSON.parse(topology)).required).toEqual(['name', 'agents'])
})

test('the command checks', () => {
  const checked = spawnSync(process.execPath, ['schemas/generate.ts', '--check'], { cwd: root, encoding: 'utf8' })
  expect([checked.status, checked.stderr]).toEqual([0, ''])
})
