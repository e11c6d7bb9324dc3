import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tar from 'tar'
import { Manifest } from '../../evidence/bundle/manifest.ts'
import { openFolder } from '../../evidence/bundle/read.ts'
import { sha256 } from '../../schemas/hash.ts'

/** Files of an unpacked bundle, as somebody who wants to cheat changes them. */
export type Tampering = {
  folder: string
  text(path: string): Promise<string>
  write(path: string, text: string): Promise<void>
  lines(path: string): Promise<string[]>
  writeLines(path: string, lines: readonly string[]): Promise<void>
  names: Manifest['names']
}

/** Packs a bundle again after a change, with every hash of its manifest made right. Gives the new file. */
export async function repack(file: string, name: string, change: (files: Tampering) => Promise<void>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'syllabus-repack-'))
  try {
    await tar.extract({ file, cwd: folder })
    const text = (path: string) => readFile(join(folder, path), 'utf8')
    const write = (path: string, content: string) => writeFile(join(folder, path), content)
    const manifestOf = async () => Manifest.parse(JSON.parse(await text('manifest.json')))
    await change({
      folder,
      text,
      write,
      names: (await manifestOf()).names,
      lines: async (path) => (await text(path)).split('\n').filter((line) => line !== ''),
      writeLines: (path, lines) => write(path, lines.map((line) => `${line}\n`).join('')),
    })
    const { files } = await openFolder(folder)
    const own = [...files].filter(([path]) => path !== 'manifest.json')
    await write('manifest.json', JSON.stringify({ ...(await manifestOf()), files: Object.fromEntries(own) }))
    const out = join(file, '..', `${name}.tar.gz`)
    await tar.create({ file: out, cwd: folder, gzip: true }, ['manifest.json', ...own.map(([path]) => path)])
    return out
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Changes the payload of the first message of a name that is wanted, in the log of an unpacked bundle. */
export async function changeMessage<T>(
  files: Tampering,
  name: string,
  change: (payload: T) => void,
  wanted: (payload: T) => boolean = () => true,
): Promise<void> {
  const entries = (await files.lines('log.jsonl')).map((line) => JSON.parse(line))
  change(entries.find((entry) => entry.name === name && wanted(entry.payload)).payload)
  await files.writeLines(
    'log.jsonl',
    entries.map((entry) => JSON.stringify(entry)),
  )
}

/** Changes an object, and whatever names its hash then names the new one: the log, the rounds and the file itself. */
export async function changeObject(
  files: Tampering,
  path: string,
  change: (lines: string[]) => readonly string[],
): Promise<void> {
  await files.writeLines(path, change(await files.lines(path)))
  const [before, after] = [path.replace('objects/', ''), sha256(await files.text(path))]
  await rename(join(files.folder, path), join(files.folder, 'objects', after))
  for (const file of ['log.jsonl', 'rounds.jsonl', 'report.json', 'manifest.json']) {
    await files.write(file, (await files.text(file)).replaceAll(before, after))
  }
}
