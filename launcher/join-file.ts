import { readFileSync } from 'node:fs'

/**
 * Where SYLLABUS_CREDENTIALS names a join file and NATS_URL is not set, it is what the file says of its servers. Every command begins with it,
 * so nothing of the bus is loaded for it; what is wrong with the file is for whoever needs the bus.
 */
export function takeServers(env: NodeJS.ProcessEnv = process.env): void {
  const { NATS_URL: url, SYLLABUS_CREDENTIALS: file } = env
  if (url || !file) return
  try {
    const servers: unknown = JSON.parse(readFileSync(file, 'utf8')).join?.servers
    if (typeof servers === 'string' && servers) env.NATS_URL = servers
  } catch {
    // `readCredentials` has the words for it.
  }
}
