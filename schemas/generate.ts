/**
 * Writes the JSON Schema of every message and document (`schemas/generated/*.json`, the input side: fields with a default
 * may be left out), the message catalogue (`docs/messages.md`) and the fields of a program and of a topology
 * (`docs/{program,topology}-fields.md`). With `--check` it writes nothing, and exit code 1 says that something there is not what would be
 * written.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { Round } from './messages/generation.ts'
import { Declaration } from './plugin.ts'
import { Program } from './program.ts'
import { messageCatalogue, programReference, topologyReference } from './references.ts'
import { registry } from './registry.ts'
import { Row } from './row.ts'
import { RunConfig } from './run.ts'
import { exportedNames, type PublicName, publicName, sdkReference } from './sdk-reference.ts'
import { Item, PublicTask, TaskFile } from './task.ts'
import { Topology } from './topology.ts'
import { Adapter, StudentModel } from './training.ts'

const documents = {
  Declaration,
  Program,
  Topology,
  Row,
  Round,
  RunConfig,
  TaskFile,
  PublicTask,
  Item,
  Adapter,
  StudentModel,
}
const generatedFolder = 'schemas/generated'

/** Every generated file by its path in the repository. */
export function generatedFiles(): Map<string, string> {
  const files = new Map<string, string>()
  const add = (name: string, title: string, schema: z.ZodType) => {
    const json = { title, ...z.toJSONSchema(schema, { io: 'input' }) }
    files.set(`${generatedFolder}/${name}.json`, `${JSON.stringify(json, null, 2)}\n`)
  }
  for (const message of Object.values(registry))
    add(`message-${message.name}`, `${message.name}@${message.version}`, message.schema)
  for (const [title, schema] of Object.entries(documents))
    add(title.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase(), title, schema)
  files.set('docs/messages.md', messageCatalogue())
  files.set('docs/program-fields.md', programReference())
  files.set('docs/topology-fields.md', topologyReference())
  files.set('docs/agent-sdk.md', sdkReference(sdkNames()))
  return files
}

const sdkFolder = join(import.meta.dirname, '../agents/sdk')

/** The public names of the SDK, in the order of their export. */
export const sdkNames = (): PublicName[] =>
  exportedNames(readFileSync(join(sdkFolder, 'mod.ts'), 'utf8')).flatMap(({ name, from }) => {
    const found = publicName(name, readFileSync(join(sdkFolder, from), 'utf8'))
    return found ?? []
  })

/** Paths whose content is not what would be generated, files that should not be there included. */
export function staleFiles(root: string): string[] {
  const files = generatedFiles()
  const stale = [...files].filter(([path, text]) => read(join(root, path)) !== text).map(([path]) => path)
  const surplus = strayFiles(root, files)
  return [...stale, ...surplus].sort()
}

function strayFiles(root: string, files: ReadonlyMap<string, string>): string[] {
  try {
    const there = readdirSync(join(root, generatedFolder)).map((name) => `${generatedFolder}/${name}`)
    return there.filter((path) => !files.has(path))
  } catch {
    return []
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function main(): void {
  const root = dirname(import.meta.dirname)
  const stale = staleFiles(root)
  if (process.argv.includes('--check')) {
    for (const path of stale) console.error(`${path} is out of date; run npm run schemas`)
    process.exitCode = stale.length > 0 ? 1 : 0
    return
  }
  const files = generatedFiles()
  for (const path of stale) {
    const text = files.get(path)
    if (text === undefined) rmSync(join(root, path))
    else {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    console.log(path)
  }
}

if (import.meta.main) main()
