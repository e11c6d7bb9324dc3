import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import * as tar from 'tar'
import { RoundRecord } from '../../agents/critic/round-record.ts'
import { JournalEntry } from '../../agents/kit/metered/journal.ts'
import type { Bus } from '../../bus/mod.ts'
import { sha256 } from '../../schemas/hash.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import type { LogEntry } from '../../schemas/log-entry.ts'
import { Round } from '../../schemas/messages/generation.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { stageFile } from '../../tasks/staged-file.ts'
import { reportJson } from '../report/mod.ts'
import { versions } from '../report/versions.ts'
import { bundleFiles, bundleVersion, itemTables, journalBuckets, Manifest, namesOf } from './manifest.ts'
import { openFolder } from './read.ts'
import { itemTable, namesOthers, refsIn } from './records.ts'
import { logOf, reportOfFolder } from './report-of-folder.ts'

export type WrittenBundle = { file: string; hash: string; files: number; bytes: number; missing: Manifest['missing'] }

/**
 * Writes a run's bundle as one `.tar.gz`, whole or not at all. Equal runs on equal versions give equal bytes: files are in the order
 * of their names behind the manifest, without times and owners.
 * @throws UsageError when there is no such run
 */
export async function writeBundle(bus: Bus, runId: string, file: string): Promise<WrittenBundle> {
  await using staged = await stageFile(file)
  await using contents = await stageFile(file)
  await mkdir(contents.path)
  const missing = await fillFolder(bus, runId, contents.path)
  const manifest = await completeFolder(contents.path, runId, missing)
  const text = `${JSON.stringify(manifest, null, 2)}\n`
  await writeFile(join(contents.path, bundleFiles.manifest), text)
  const names = [bundleFiles.manifest, ...Object.keys(manifest.files)]
  const options = { cwd: contents.path, gzip: { level: 6 }, portable: true, mtime: new Date(0) }
  await tar.create({ ...options, file: staged.path }, names)
  await staged.keep()
  return { file, hash: sha256(text), files: names.length, bytes: (await stat(file)).size, missing }
}

/** Adds what follows from the rest: the items' outcomes and the report. */
async function completeFolder(folder: string, runId: string, missing: Manifest['missing']): Promise<Manifest> {
  const parts = await openFolder(folder)
  const { entries, facts } = await logOf(parts)
  await mkdir(join(folder, dirname(bundleFiles.items('test'))))
  for (const evalSet of itemTables) {
    const lines = itemTable(facts, evalSet).map((line) => `${JSON.stringify(line)}\n`)
    if (lines.length > 0) await writeFile(join(folder, bundleFiles.items(evalSet)), lines.join(''))
  }
  await writeFile(join(folder, bundleFiles.report), reportJson(await reportOfFolder(parts, entries)))
  const { files } = await openFolder(folder)
  return Manifest.parse({
    version: bundleVersion,
    runId,
    names: namesOf(facts),
    missing,
    files: Object.fromEntries(files),
  })
}

/** Values read from a bucket at the same time. */
const parallel = 32
const promptFolder = fileURLToPath(new URL('../../agents/planner/llm/prompts', import.meta.url))

/**
 * Writes everything of a run that the bus holds into a folder: log, journals, rounds, and the objects they name. All of it streams,
 * so memory does not grow with the rows.
 * @throws UsageError when there is no such run
 */
async function fillFolder(bus: Bus, runId: string, folder: string): Promise<Manifest['missing']> {
  const refs = new Map<string, ObjectRef>()
  const note = (value: unknown) => {
    for (const { ref } of refsIn(value)) refs.set(ref.sha256, ref)
  }
  const put = async (path: string, lines: AsyncIterable<unknown>) => {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await pipeline(Readable.from(noted(lines, note)), createWriteStream(join(folder, path)))
  }
  await put(bundleFiles.log, logLines(bus, runId))
  await put(bundleFiles.rounds, valuesOf(bus.kv('admission', RoundRecord), runId))
  for (const bucket of journalBuckets)
    await put(bundleFiles.journal(bucket), valuesOf(bus.kv(bucket, JournalEntry), runId))
  await writeFile(join(folder, bundleFiles.versions), `${JSON.stringify(await versions(), null, 2)}\n`)
  await mkdir(join(folder, dirname(bundleFiles.prompt('any'))), { recursive: true })
  for (const name of (await readdir(promptFolder)).filter((each) => each.endsWith('.md')))
    await copyFile(join(promptFolder, name), join(folder, bundleFiles.prompt(name)))
  await mkdir(join(folder, dirname(bundleFiles.object('any'))), { recursive: true })
  const missing: Manifest['missing'] = []
  // A map's values go on with those that are added meanwhile.
  for (const ref of refs.values()) {
    if (namesOthers(ref)) note(await bus.objects.getJson(ref, Round).catch(() => null))
    const reason = await putObject(bus, ref, join(folder, bundleFiles.object(ref.sha256)))
    if (reason !== null) missing.push({ sha256: ref.sha256, name: ref.name, reason })
  }
  return missing.sort((one, other) => (one.sha256 < other.sha256 ? -1 : 1))
}

async function* noted(values: AsyncIterable<unknown>, note: (value: unknown) => void): AsyncGenerator<string> {
  for await (const value of values) {
    note(value)
    yield `${JSON.stringify(value)}\n`
  }
}

async function* logLines(bus: Bus, runId: string): AsyncGenerator<LogEntry> {
  let count = 0
  for await (const entry of bus.log({ runId, follow: false, signal: new AbortController().signal })) {
    const { seq, at, name, from, to, id, cause, payload, parseError } = entry
    yield { seq, at, name, from, to, id, cause, payload, parseError }
    count += 1
  }
  if (count === 0)
    throw new UsageError(`There is no run ${runId} on this bus.`, 'See the runs with: npx syllabus status')
}

async function* valuesOf<T>(
  kv: { keys(filter: string): Promise<string[]>; get(key: string): Promise<{ value: T } | null> },
  runId: string,
): AsyncGenerator<{ key: string; value: T }> {
  const keys = await kv.keys(`${runId}.>`)
  for (let at = 0; at < keys.length; at += parallel) {
    const some = keys.slice(at, at + parallel)
    for (const [index, held] of (await Promise.all(some.map((key) => kv.get(key)))).entries()) {
      if (held) yield { key: some[index]!, value: held.value }
    }
  }
}

/** Writes an object's bytes; returns why it could not be had, or null. */
async function putObject(bus: Bus, ref: ObjectRef, path: string): Promise<string | null> {
  const hash = createHash('sha256')
  const hashed = async function* () {
    for await (const piece of bus.objects.pieces(ref)) {
      hash.update(piece)
      yield piece
    }
  }
  try {
    await pipeline(Readable.from(hashed()), createWriteStream(path))
    const found = hash.digest('hex')
    if (found !== ref.sha256) throw new Error(`its bytes have SHA-256 ${found}`)
    return null
  } catch (error) {
    await rm(path, { force: true })
    return (error as Error).message
  }
}
