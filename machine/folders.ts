import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { explained } from './faults.ts'

/** Enough that a disk without room for anything is found. */
const probe = Buffer.alloc(64 * 1024)

/**
 * Makes a folder where it is missing, and tries whether files can be written into it.
 * @throws MachineError that says why not, and `mend`
 */
export function ensureWritable(folder: string, mend: string, mode?: number): void {
  try {
    mkdirSync(folder, { recursive: true, mode })
    tryWriting(folder)
  } catch (error) {
    throw explained(error, `${folder} cannot be written`, folder, mend)
  }
}

function tryWriting(folder: string): void {
  const path = join(folder, `.probe-${randomUUID()}`)
  try {
    writeFileSync(path, probe, { flag: 'wx' })
  } finally {
    rmSync(path, { force: true })
  }
}

const otherTemporary = 'Set TMPDIR to a folder that can be written, for example: export TMPDIR=/var/tmp'

/** @throws MachineError where no temporary files can be made */
export function checkTemporary(): void {
  const folder = tmpdir()
  try {
    tryWriting(folder)
  } catch (error) {
    throw temporaryFault(error, folder)
  }
}

/** A new folder among the temporary files. @throws MachineError */
export async function temporaryFolder(prefix: string): Promise<string> {
  const folder = tmpdir()
  try {
    return await mkdtemp(join(folder, prefix))
  } catch (error) {
    throw temporaryFault(error, folder)
  }
}

const temporaryFault = (error: unknown, folder: string) =>
  explained(error, `Temporary files cannot be written to ${folder}`, folder, otherTemporary)
