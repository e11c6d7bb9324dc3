import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../errors.ts'

/** Errors: UsageError when less disk is free than the topology asks for. */
export async function checkDisk({ storage }: Topology, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= storage.minFreeBytes) return
  const gib = (bytes: number) => (bytes / 1024 ** 3).toFixed(1)
  throw new UsageError(
    `${folder} has ${gib(free)} GiB free, less than the ${gib(storage.minFreeBytes)} GiB that storage.minFreeBytes asks for.`,
    'Free disk space, set SYLLABUS_HOME to a larger disk, or lower storage.minFreeBytes in the topology.',
  )
}

/** Errors: UsageError when the page's port is taken; said before anything is started. */
export async function checkPort({ gateway: { host, port } }: Topology): Promise<void> {
  if (port === 0) return
  const probe = createServer().listen(port, host)
  try {
    await once(probe, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new UsageError(
      `Port ${port} is in use on ${host}.`,
      'Stop what holds it, or set gateway.port in the topology; 0 takes any free one.',
    )
  } finally {
    probe.close()
  }
}
