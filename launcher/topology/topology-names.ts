import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Where topologies lie, and nothing that reads one: the options of every command load this.

export const defaultTopology = fileURLToPath(new URL('../../deploy/topologies/local.yaml', import.meta.url))

/** Of `run --quick`: the default one with less of everything. */
export const quickTopology = fileURLToPath(new URL('../../deploy/topologies/quick.yaml', import.meta.url))

const bundled = dirname(defaultTopology)

/** Names of the topologies that come with Syllabus. */
export const topologyNames = (): string[] => readdirSync(bundled).map((file) => basename(file, '.yaml'))

/** The file that a person names: one that comes with Syllabus by its name alone, any other by its path. */
export const topologyFile = (named: string): string =>
  topologyNames().includes(named) ? join(bundled, `${named}.yaml`) : named

/** What a person names the file by. */
export const topologyName = (path: string): string => (dirname(path) === bundled ? basename(path, '.yaml') : path)

/** Whether a bus that others made keeps its limits: those of the topology that is taken where none is named are nobody's wish. */
export const keepsLimits = (path: string, env = process.env): boolean =>
  env.NATS_URL !== undefined && (path === defaultTopology || path === quickTopology)
