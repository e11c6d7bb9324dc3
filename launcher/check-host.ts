import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { ensureHome } from '../machine/folders.ts'
import type { Topology } from '../schemas/topology.ts'
import { reasonOf, UsageError } from '../schemas/user-error.ts'

/** @throws UsageError when less disk is free than the topology asks for; MachineError when nothing can be written there */
export async function checkDisk({ storage }: Topology, folder: string): Promise<void> {
  ensureHome(folder)
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= storage.minFreeBytes) return
  const gib = (bytes: number) => (bytes / 1024 ** 3).toFixed(1)
  throw new UsageError(
    `${folder} has ${gib(free)} GiB free, less than the ${gib(storage.minFreeBytes)} GiB that storage.minFreeBytes asks for.`,
    'Free disk space, set SYLLABUS_HOME to a larger disk, or lower storage.minFreeBytes in the topology.',
  )
}

/** A command with few agents opens some forty. */
const leastOpenFiles = 64

/** @throws UsageError when a process may open too few files for a session, sockets and pipes included */
export async function checkOpenFiles(): Promise<void> {
  // Node has raised its own limit to what it may have; what it starts has the same.
  const limit = await promisify(execFile)('/bin/sh', ['-c', 'ulimit -n']).then(
    ({ stdout }) => Number(stdout),
    (error: NodeJS.ErrnoException) => (error.code === 'EMFILE' ? 0 : Number.NaN),
  )
  if (!(limit < leastOpenFiles)) return
  throw new UsageError(
    `A process may open ${limit || 'too few'} files here, and a session needs at least ${leastOpenFiles}.`,
    'Raise the limit: ulimit -n 1024. Where that is refused, it is set in /etc/security/limits.conf, by the container, or by the service.',
  )
}

/** @throws UsageError when the page cannot be served where the topology says; said before anything is started */
export const checkPort = ({ gateway }: Topology): Promise<void> =>
  tryPort(gateway.host, gateway.port).catch(pageFault({ gateway }))

/** @throws UsageError when another program holds a port of this machine's loopback interface */
export async function checkFreePort(port: number): Promise<void> {
  await tryPort('127.0.0.1', port).catch((error: unknown) => {
    throw new UsageError(
      (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
        ? `Port ${port} is in use on 127.0.0.1.`
        : `Port ${port} cannot be used: ${reasonOf(error)}.`,
      'Stop what holds it, or name another with --port; without --port any free one is taken.',
    )
  })
}

async function tryPort(host: string, port: number): Promise<void> {
  const probe = createServer().listen(port, host)
  try {
    await once(probe, 'listening')
  } finally {
    probe.close()
  }
}

/**
 * What a person does where the page cannot be served.
 * @throws UsageError
 */
export const pageFault =
  ({ gateway: { host, port } }: { gateway: Pick<Topology['gateway'], 'host' | 'port'> }) =>
  (error: unknown): never => {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new UsageError(
        `Port ${port} is in use on ${host}.`,
        'Stop what holds it, or set gateway.port in the topology; 0 takes any free one.',
      )
    }
    const reason = reasonOf(error)
    throw new UsageError(
      `The live page cannot be served at ${host}:${port}: ${reason}.`,
      'Set gateway.host and gateway.port in the topology: an address of this machine, and 0 for any free port.',
    )
  }
