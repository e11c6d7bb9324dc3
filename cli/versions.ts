import { readFile } from 'node:fs/promises'
import { release, type } from 'node:os'

/** The versions a result depends on, as far as this side knows them; the runtime's own come with its hello. */
export async function versions(): Promise<Record<string, string>> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  const { version, dependencies } = JSON.parse(text) as { version: string; dependencies: Record<string, string> }
  return { syllabus: version, node: process.versions.node, system: `${type()} ${release()}`, ...dependencies }
}
