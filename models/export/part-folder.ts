import { chmod, mkdir, readdir, readFile, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { MachineError } from '../../machine/faults.ts'
import { makeFolder } from '../../machine/folders.ts'
import { ownerOnly, readState, writeWhole } from '../../machine/state-file.ts'
import { sha256OfFile } from '../../provision/mod.ts'
import { hashOf } from '../../schemas/hash.ts'
import { Sha256 } from '../../schemas/ids.ts'
import { numberText } from '../../schemas/number-text.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { stageFile } from '../../tasks/staged-file.ts'

/**
 * A folder with one part of an export: an adapter, merged weights, or GGUF files.
 *
 * E1 A file, or a folder of files that belong together, appears whole or not at all.
 * E2 What was written before is kept where each file has the hash that the folder's manifest says; else it is made again.
 * E3 Content that is not of this export is never overwritten.
 */

export const manifestName = 'syllabus-export.json'
export const cardName = 'README.md'

/** Stands at the end of a card that an export wrote, so that the next one may write it again. */
export const cardMark = '<!-- Written by `syllabus export`; a later export writes it again. -->'

/** Size and SHA-256 of each file, by name. */
const Files = z.record(z.string(), z.object({ bytes: z.int().nonnegative(), sha256: Sha256 }))
export type Files = z.infer<typeof Files>

/** What an export says of a folder that it wrote. `key`: what was exported, and all that decides its bytes. */
export const ExportManifest = z.object({ version: z.literal(1), key: z.record(z.string(), z.json()), files: Files })
export type ExportManifest = z.infer<typeof ExportManifest>
export type Key = ExportManifest['key']

/**
 * The files that an earlier export of the same thing left and that are whole, and whether all of them are.
 * @throws UsageError when the folder holds something else
 */
export async function writtenBefore(folder: string, key: Key): Promise<{ files: Files; whole: boolean }> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    if (error.code === 'ENOTDIR') throw other(folder, 'is a file')
    throw error
  })
  const manifest = await readState(join(folder, manifestName), ExportManifest, `Remove ${folder}, and export again.`)
  if (manifest === null) {
    await refuseOthers(folder, names)
    return { files: {}, whole: false }
  }
  if (hashOf(manifest.key) !== hashOf(key)) throw other(folder, `holds another export (${nameOf(manifest.key)})`)
  await refuseOthers(
    folder,
    names.filter((name) => name !== manifestName && !(name in manifest.files)),
  )
  const files: Files = {}
  for (const [name, facts] of Object.entries(manifest.files)) {
    if ((await sha256OfFile(join(folder, name)).catch(() => null)) === facts.sha256) files[name] = facts
  }
  return { files, whole: Object.keys(files).length === Object.keys(manifest.files).length }
}

/** What a process that was killed left is no content. */
const leftOver = /\.[0-9a-f-]{36}\.partial$/

async function refuseOthers(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (leftOver.test(name)) continue
    if (name !== cardName) throw other(folder, `holds ${name}, which this export did not write`)
    await refuseOtherCard(folder)
  }
}

async function refuseOtherCard(folder: string): Promise<void> {
  const text = await readFile(join(folder, cardName), 'utf8').catch(() => null)
  if (text !== null && !text.includes(cardMark)) throw other(folder, `holds a ${cardName} of another making`)
}

const other = (folder: string, why: string): UsageError =>
  new UsageError(`${folder} ${why}.`, 'Give another folder with --out, or move what is there away.')

const nameOf = ({ part, model, run }: Key): string => `${part} of ${model} of ${run}`

/**
 * A folder whose files belong together, made by `make` beside its place.
 * @throws UsageError when the folder holds something else
 */
export async function keepOrMake(
  folder: string,
  key: Key,
  make: (staging: string) => Promise<void>,
): Promise<{ files: Files; kept: boolean }> {
  const before = await writtenBefore(folder, key)
  if (before.whole) return { files: before.files, kept: true }
  await using staged = await stageFile(folder)
  await mkdir(staged.path, { mode: 0o700 })
  await make(staged.path)
  const files = await filesIn(staged.path)
  await writeManifest(staged.path, { key, files })
  // What is there is a damaged export, or a card, which is written again.
  await rm(folder, { recursive: true, force: true })
  await staged.keep()
  return { files, kept: false }
}

/**
 * A file beside others of a folder, made by `make` beside its place. `before`: what was there.
 * @throws whatever `make` throws
 */
export async function addFile(
  folder: string,
  key: Key,
  before: Files,
  name: string,
  make: (staging: string) => Promise<void>,
): Promise<Files> {
  makeFolder(folder, 0o700)
  await using staged = await stageFile(join(folder, name))
  await make(staged.path)
  await chmod(staged.path, ownerOnly)
  const files = { ...before, [name]: await factsOf(staged.path) }
  await staged.keep()
  await writeManifest(folder, { key, files })
  return files
}

/** Writes a card, in place of one that an earlier export wrote. @throws UsageError when another one is there */
export async function putCard(folder: string, text: string): Promise<string> {
  makeFolder(folder, 0o700)
  await refuseOtherCard(folder)
  await writeWhole(join(folder, cardName), text, ownerOnly)
  return join(folder, cardName)
}

const writeManifest = (folder: string, manifest: Omit<ExportManifest, 'version'>): Promise<void> =>
  writeWhole(join(folder, manifestName), `${JSON.stringify({ version: 1, ...manifest }, null, 2)}\n`, ownerOnly)

async function filesIn(folder: string): Promise<Files> {
  const files: Files = {}
  for (const name of (await readdir(folder)).sort()) {
    await chmod(join(folder, name), ownerOnly)
    files[name] = await factsOf(join(folder, name))
  }
  return files
}

const factsOf = async (path: string) => ({ bytes: (await stat(path)).size, sha256: await sha256OfFile(path) })

/** Room for what is written beside the large files. */
const spareBytes = 64 * 1024 ** 2

/** @throws MachineError when the disk of a folder, which may not be there yet, has no room for so many bytes */
export async function requireSpace(folder: string, bytes: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(await existing(folder))
  const [free, needed] = [bavail * bsize, bytes + spareBytes]
  if (free >= needed) return
  throw new MachineError(
    `${folder} has ${megabytes(free)} free, and ${what} takes ${megabytes(needed)}.`,
    'Make room there, or give a folder on a larger disk with --out.',
  )
}

async function existing(folder: string): Promise<string> {
  const isThere = await stat(folder).catch(() => null)
  return isThere || dirname(folder) === folder ? folder : existing(dirname(folder))
}

export const megabytes = (bytes: number): string => `${numberText(Math.ceil(bytes / 1e6))} MB`
