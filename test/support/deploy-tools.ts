import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where `npm run tools:deploy` puts what the tests of deploy/ need and no package of npm brings. */
export const toolsFolder = join(import.meta.dirname, '../../node_modules/.cache/deploy-tools')

/** The path of a tool: from PATH, else as `npm run tools:deploy` fetched it; null where it is not here. */
export function tool(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(toolsFolder, 'bin')]
  return folders.map((folder) => join(folder, name)).find(existsSync) ?? null
}

/** What a test without its tool is called, so that a skipped one shows why. */
export const without = (name: string | null, needed: string, title: string): string =>
  name ? title : `${title} (skipped: no ${needed}; npm run tools:deploy)`

export type Ended = { code: number | null; output: string }

/** Runs a tool to its end. */
export function runTool(command: string, words: readonly string[], input?: string): Ended {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
    ...(input !== undefined && { input }),
  })
  if (error) throw error
  return { code: status, output: `${stdout}${stderr}` }
}
