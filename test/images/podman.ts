import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import { runTool, tool } from '../support/deploy-tools.ts'

export const root = join(import.meta.dirname, '../..')
export const podman = tool('podman')
const bases = ['docker.io/library/debian:bookworm-slim', 'docker.io/library/node:24-bookworm-slim']
const away = podman ? bases.filter((base) => runTool(podman, ['image', 'exists', base]).code !== 0) : []
const wordsIn = (text = '') => text.split(' ').filter(Boolean)
/** Options that podman needs on a machine, with spaces between them. */
export const machine = wordsIn(process.env.SYLLABUS_PODMAN_OPTIONS)
/** Why images cannot be built here; null where they can. */
export const why = !podman
  ? 'no podman'
  : away.length > 0 && !process.env.SYLLABUS_PULL
    ? `no image ${away.join(', ')}; SYLLABUS_PULL=1 pulls it`
    : null
/** How each container runs: as in deploy/compose.yaml and the chart. */
export const sealedOff = ['--read-only', '--cap-drop', 'ALL']

/** Builds an image of deploy/images. */
export function build(name: 'agents' | 'gpu', tag: string, ...more: string[]): void {
  const ofBuild = wordsIn(process.env.SYLLABUS_PODMAN_BUILD_OPTIONS)
  const from = ['--format', 'docker', '--file', `deploy/images/${name}.Dockerfile`, '--tag', tag]
  const words = ['build', ...machine, ...ofBuild, ...from, ...more, '.']
  const { status, stderr } = spawnSync(podman!, words, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 })
  expect(status, stderr).toBe(0)
}
