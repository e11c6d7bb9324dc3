import { readFileSync } from 'node:fs'

/** What the join file that SYLLABUS_CREDENTIALS names has of its cluster. What is wrong with it, `readCredentials` reports. */
function joinFacts({ SYLLABUS_CREDENTIALS: file }: NodeJS.ProcessEnv): { servers?: unknown; copies?: unknown } {
  try {
    return (file && JSON.parse(readFileSync(file, 'utf8')).join) || {}
  } catch {
    return {}
  }
}

/**
 * Where SYLLABUS_CREDENTIALS names a join file and NATS_URL is not set, it is what the file says of its servers. Every command begins with
 * it, so nothing of the bus is loaded for it; what is wrong with the file is for whoever needs the bus.
 */
export function takeServers(env: NodeJS.ProcessEnv = process.env): void {
  if (env.NATS_URL) return
  const { servers } = joinFacts(env)
  if (typeof servers === 'string' && servers) env.NATS_URL = servers
}

/** How many servers hold everything in the cluster whose join file is named; undefined where none is, or where it does not say. */
export const joinedCopies = (env: NodeJS.ProcessEnv = process.env): unknown => joinFacts(env).copies
