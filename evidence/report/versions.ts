import { readdir, readFile } from 'node:fs/promises'
import { release, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import { hashOf, sha256 } from '../../schemas/hash.ts'

const root = new URL('../../', import.meta.url)
const codeFolders = ['schemas', 'bus', 'agents', 'trainer-bridge', 'tasks', 'cli']

/**
 * The versions a result depends on, as far as this side knows them; the runtime's own come with its hello. `code` distinguishes what has
 * the same version: the beginning of a hash over all that decides here, prompts included.
 */
export async function versions(): Promise<Record<string, string>> {
  const text = await readFile(new URL('package.json', root), 'utf8')
  const { version, dependencies } = JSON.parse(text) as { version: string; dependencies: Record<string, string> }
  const system = `${type()} ${release()}`
  return { syllabus: version, code: await codeHash(), node: process.versions.node, system, ...dependencies }
}

async function codeHash(): Promise<string> {
  const hashes = codeFolders.map(async (folder) => {
    const paths = await readdir(fileURLToPath(new URL(folder, root)), { recursive: true })
    const code = paths.filter((path) => /\.(ts|md)$/.test(path)).sort()
    return Promise.all(code.map(async (path) => [path, sha256(await readFile(new URL(`${folder}/${path}`, root)))]))
  })
  return hashOf(await Promise.all(hashes)).slice(0, 12)
}
