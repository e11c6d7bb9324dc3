import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { ensureHome, homeFolder } from '../machine/folders.ts'

/** A file that takes what processes log, one JSON value a line. */
export type LogFile = Disposable & { path: string; descriptor: number }

/** Opens a file under the home's `logs` to write on at its end. @throws MachineError where that cannot be written */
export function openLogFile(name: string): LogFile {
  const folder = join(homeFolder(), 'logs')
  ensureHome(folder)
  const path = join(folder, `${name}.log`)
  const descriptor = openSync(path, 'a')
  return { path, descriptor, [Symbol.dispose]: () => closeSync(descriptor) }
}

/** The file of a session's agents and their supervisor: one of its own, named by the time. */
export const openAgentsLog = (): LogFile => openLogFile(new Date().toISOString().replaceAll(/[:.]/g, '-'))
