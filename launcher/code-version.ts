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
  'sdk',
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
const known: { code?: string; work?: string } = {}

/**
 * Which code this process runs: the package's version and a hash of its sources, which is the same wherever they are checked out, copied or
 * built into an image. Agents of one run have one, but while hosts are upgraded one after the other (see `workVersion`).
 */
export function codeVersion(): string {
  known.code ??= `${packageVersion()}+${hashOf(sources())}`
  return known.code
}

/**
 * Raised with every change that lets agents make other rows, scores or calls of the same inputs. The test of rolling upgrades pins it
 * together with the hash of a dataset. What is hashed below needs no raise.
 */
export const workRevision = 1

/** Files of which each byte counts: forms of messages, texts that a model is asked with, tasks, and what trains a student. */
const isWork = (file: string): boolean =>
  /^(schemas\/generated\/(?!topology|task-file)|tasks\/|trainer-bridge\/runtimes\/)/.test(file) ||
  /^agents\/.*\/prompts\//.test(file)

/** Equal where agents of different code may work for one run: they read each other's messages, and make the same of the same inputs. */
export function workVersion(): string {
  known.work ??= `${workRevision}.${hashOf(sources().filter(isWork))}`
  return known.work
}

const packageVersion = (): string => JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version

const sources = (): string[] => rooms.flatMap(filesIn)

function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of files)
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
