import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** Which other folders each folder's code may import; its own is always allowed. */
const below = [
  'schemas',
  'machine',
  'bus',
  'tasks',
  'agents',
  'trace',
  'provision',
  'trainer-bridge',
  'evidence',
  'launcher',
  'experiments',
  'cli',
]
const allowed: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  machine: [],
  bus: ['schemas', 'machine'],
  tasks: ['schemas', 'machine'],
  agents: ['schemas', 'machine', 'bus', 'tasks'],
  trace: ['schemas', 'machine', 'bus'],
  provision: below,
  'trainer-bridge': ['schemas', 'machine', 'bus', 'tasks', 'agents/kit', 'provision'],
  evidence: below,
  launcher: below,
  experiments: below,
  cli: below,
  deploy: below,
}
const natsClient = /^(nats|@nats-io\/.*)$/

type Import = { file: string; target: string }

const sources = globSync(`{${Object.keys(allowed).join(',')}}/**/*.ts`, {
  cwd: root,
  exclude: (path) => /node_modules|\.venv|trace\/web/.test(String(path)),
}).sort()

/** Module names in `import … from`, `export … from`, `import '…'` and `import('…')`. */
function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^\s*import\s+)(['"])([^'"]+)\1/gm)].flatMap(
    (match) => match[2] ?? [],
  )
}

const imports: Import[] = sources.flatMap((file) =>
  importsOf(readFileSync(join(root, file), 'utf8')).map((name) => ({
    file,
    target: name.startsWith('.') ? normalize(join(dirname(file), name)) : name,
  })),
)

const folderOf = (path: string) => path.split('/')[0] ?? ''
const within = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`)

test('there is something to check', () => {
  expect(sources.length).toBeGreaterThan(50)
  expect(
    importsOf("import { a } from './a.ts'\nexport * from \"b\"\nimport 'c'\nawait import('d')\nconst from = 'e'"),
  ).toEqual(['./a.ts', 'b', 'c', 'd'])
})

describe.each(Object.entries(allowed))('%s', (folder, others) => {
  test(`imports no folder but ${[...others, 'its own'].join(', ')}`, () => {
    const wrong = imports.filter(({ file, target }) => {
      const inRepository = folderOf(target) in allowed || target.startsWith('test/')
      return within(file, folder) && inRepository && ![folder, ...others].some((each) => within(target, each))
    })
    expect(wrong).toEqual([])
  })
})

test('only the bus imports the NATS client', () => {
  const wrong = imports.filter(({ file, target }) => natsClient.test(target) && !within(file, 'bus'))
  expect(wrong).toEqual([])
})

test('the bus is imported through its mod.ts', () => {
  const wrong = imports.filter(
    ({ file, target }) => within(target, 'bus') && !within(file, 'bus') && target !== 'bus/mod.ts',
  )
  expect(wrong).toEqual([])
})

test('a graph never imports the bus', () => {
  const wrong = imports.filter(({ file, target }) => /(^|\/)graph\.ts$/.test(file) && within(target, 'bus'))
  expect(wrong).toEqual([])
})

test('schemas do no I/O: they import zod, hashing and each other alone', () => {
  const pure = ['zod', 'canonicalize', 'node:crypto']
  const wrong = imports.filter(
    ({ file, target }) =>
      within(file, 'schemas') && file !== 'schemas/generate.ts' && !pure.includes(target) && !within(target, 'schemas'),
  )
  expect(wrong).toEqual([])
})

test('no file is longer than 400 lines', () => {
  const long = sources.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 401)
  expect(long).toEqual([])
})
