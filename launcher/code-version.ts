import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Folders whose files decide what a process does. */
const rooms = [
  'schemas',
  'machine',
  'bus',
  'tasks',
  'agents',
  'trace',
  'telemetry',
  'trackers',
  'provision',
  'trainer-bridge',
  'evidence',
  'launcher',
  'models',
  'cluster',
  'experiments',
  'api',
  'mcp',
  'cli',
]

const isSource = /\.(ts|mts|mjs|js|py|sh|json|md|toml|yaml|in|txt)$/
/** What tools write beside the sources. */
const isMade = /^(\..*|__pycache__|node_modules|.*\.egg-info|build)$/

const digits = 12
let known: string | undefined

/**
 * Which code this process runs: the package's version and a hash of its sources, which is the same wherever they are checked out, copied or
 * built into an image. Agents of one run have one, so that equal work gives equal rows on every host.
 */
export function codeVersion(): string {
  known ??= `${packageVersion()}+${hashOfSources()}`
  return known
}

const packageVersion = (): string => JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version

function hashOfSources(): string {
  const hash = createHash('sha256')
  for (const file of rooms.flatMap(filesIn))
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0')
  return hash.digest('hex').slice(0, digits)
}

/** Paths from the root, in an order of their own whatever the file system's. */
function filesIn(folder: string): string[] {
  const inside = readdirSync(join(root, folder), { withFileTypes: true })
  const names = new Set(inside.map(({ name }) => name))
  // JavaScript beside its source is built from it.
  const isBuilt = (name: string) => name.endsWith('.js') && names.has(name.replace(/js$/, 'ts'))
  const entries = inside.filter(({ name }) => !isMade.test(name) && !isBuilt(name))
  const sorted = entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  return sorted.flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return filesIn(path)
    return entry.isFile() && isSource.test(entry.name) ? [path] : []
  })
}
