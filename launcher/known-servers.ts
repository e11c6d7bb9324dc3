import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/*
 * Addresses that a NATS server has answered at before. One of them that does not answer is away, and is waited for; at another the address
 * is most likely wrong, and the command ends at once.
 */

const fileIn = (home: string) => join(home, 'known-servers.json')
/** A home that sees many clusters forgets the first ones. */
const most = 100

async function known(home: string): Promise<string[]> {
  try {
    const read: unknown = JSON.parse(await readFile(fileIn(home), 'utf8'))
    return Array.isArray(read) ? read.filter((each) => typeof each === 'string') : []
  } catch {
    return []
  }
}

/** Whether one of these servers, joined by commas, has answered before. */
export async function isKnownServer(home: string, servers: string): Promise<boolean> {
  const before = await known(home)
  return servers.split(',').some((each) => before.includes(each))
}

/** Remembers servers that have answered. A home that cannot be written is no reason to stop. */
export async function rememberServers(home: string, servers: string): Promise<void> {
  const before = await known(home)
  const fresh = servers.split(',').filter((each) => !before.includes(each))
  if (fresh.length === 0) return
  try {
    await mkdir(home, { recursive: true })
    const partial = `${fileIn(home)}.${process.pid}.partial`
    await writeFile(partial, JSON.stringify([...before, ...fresh].slice(-most)))
    await rename(partial, fileIn(home))
  } catch {}
}
