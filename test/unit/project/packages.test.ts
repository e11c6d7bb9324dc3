import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'

const root = join(import.meta.dirname, '../../..')
const read = async <S extends z.ZodType>(name: string, schema: S): Promise<z.infer<S>> =>
  schema.parse(JSON.parse(await readFile(join(root, name), 'utf8')))

const Locked = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  integrity: z.string().optional(),
  hasInstallScript: z.boolean().optional(),
  bin: z.record(z.string(), z.string()).optional(),
  os: z.union([z.string(), z.array(z.string())]).optional(),
  cpu: z.union([z.string(), z.array(z.string())]).optional(),
})
const { '': _root, ...locked } = (
  await read('package-lock.json', z.looseObject({ packages: z.record(z.string(), Locked) }))
).packages

test('all that is installed stands in the lock file with its hash, and no package fetches more by a script', () => {
  const entries = Object.entries(locked)
  expect(entries.length).toBeGreaterThan(100)
  expect(entries.filter(([, { integrity }]) => !/^sha512-/.test(integrity ?? '')).map(([path]) => path)).toEqual([])
  expect(entries.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)).toEqual([])
})

test('every kind of machine has its Node, 24.5 or newer, and gets that alone', async () => {
  const { optionalDependencies } = await read(
    'package.json',
    z.looseObject({ optionalDependencies: z.record(z.string(), z.string()) }),
  )
  const nodes = Object.keys(optionalDependencies).map((name) => locked[`node_modules/${name}`]!)
  expect(nodes.map(({ os, cpu }) => `${os}-${cpu}`).sort()).toEqual([
    'darwin-arm64',
    'darwin-x64',
    'linux-arm64',
    'linux-x64',
  ])
  for (const { bin, version } of nodes) {
    expect(bin).toEqual({ node: 'bin/node' })
    // As guard.mjs asks for.
    const [major, minor] = version!.split('.').map(Number)
    expect(major! * 100 + minor!, version).toBeGreaterThanOrEqual(2405)
  }
})
