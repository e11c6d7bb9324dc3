import { globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../../..')

/** The rooms, lowest first: a room imports what stands in earlier lines. docs/architecture.md says what each is for. */
const levels = [
  ['schemas'],
  ['machine'],
  ['bus', 'tasks'],
  ['agents', 'trace', 'telemetry', 'trackers', 'provision'],
  ['trainer-bridge'],
  ['evidence', 'launcher'],
  ['models', 'cluster'],
  ['experiments'],
  ['api'],
  ['mcp'],
  ['cli'],
  ['deploy'],
] as const
const roles = ['planner', 'generator', 'critic', 'evaluator']

/** Where a room may import less than all that lies below it. */
const narrower: Readonly<Record<string, readonly string[]>> = {
  trace: ['schemas', 'machine', 'bus'],
  telemetry: ['schemas', 'machine', 'bus'],
  trackers: ['schemas', 'machine', 'bus'],
  'trainer-bridge': ['schemas', 'machine', 'bus', 'tasks', 'agents/kit', 'provision'],
}

/** Which other folders each folder's code may import; its own is always allowed. */
const allowed: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  levels.flatMap((rooms, level) => rooms.map((room) => [room, narrower[room] ?? levels.slice(0, level).flat()])),
)
const natsClient = /^(nats|@nats-io\/.*)$/

type Import = { file: string; target: string }

const sources = globSync(`{${Object.keys(allowed).join(',')}}/**/*.{ts,mjs}`, {
  cwd: root,
  exclude: (path) => /node_modules|\.venv/.test(String(path)),
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

test('every folder is a room that is checked, or holds no product', () => {
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .filter((name) => globSync(`${name}/**/*.{ts,mjs,js}`, { cwd: root, exclude: ['**/node_modules/**'] }).length > 0)
  expect(folders.filter((name) => !['node_modules', 'test'].includes(name)).sort()).toEqual(Object.keys(allowed).sort())
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

test('no role imports another role', () => {
  const roleOf = (path: string) => roles.find((role) => within(path, `agents/${role}`))
  const wrong = imports.filter(({ file, target }) => {
    const [own, other] = [roleOf(file), roleOf(target)]
    return own !== undefined && other !== undefined && own !== other
  })
  expect(wrong).toEqual([])
})

test('what roles share knows no role', () => {
  const wrong = imports.filter(
    ({ file, target }) => within(file, 'agents/kit') && within(target, 'agents') && !within(target, 'agents/kit'),
  )
  expect(wrong).toEqual([])
})

test('a report is made from what was measured: it imports neither the bus nor agents', () => {
  const wrong = imports.filter(
    ({ file, target }) => within(file, 'evidence/report') && (within(target, 'bus') || within(target, 'agents')),
  )
  expect(wrong).toEqual([])
})

test('a command is its options and one call: its file exports its registration alone', () => {
  const exported = globSync('cli/commands/*.ts', { cwd: root }).flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/^export .*/gm)].map(([line]) => line),
  )
  expect(exported.length).toBeGreaterThan(20)
  expect(exported.filter((line) => !line.startsWith('export function register'))).toEqual([])
})

test('no circle of files', () => {
  const graph = new Map(sources.map((file) => [file, [] as string[]]))
  for (const { file, target } of imports) if (graph.has(target)) graph.get(file)!.push(target)
  expect(circlesOf(graph)).toEqual([])
  expect(
    circlesOf(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    ),
  ).toEqual([['b', 'c']])
})

/** The circles of a graph: from each node, the way that comes back to a node on it. */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = []
  const done = new Set<string>()
  const visit = (node: string, way: readonly string[]): void => {
    if (way.includes(node)) circles.push(way.slice(way.indexOf(node)))
    else if (!done.has(node)) for (const next of graph.get(node) ?? []) visit(next, [...way, node])
    done.add(node)
  }
  for (const node of graph.keys()) visit(node, [])
  return circles
}

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
