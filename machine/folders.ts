import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { explained, MachineError } from './faults.ts'

/**
 * Where Syllabus keeps what it fetches and makes: SYLLABUS_HOME; else `.syllabus` in the current folder, where there is one; else one
 * of the user, so that whatever folder a command is given in finds the same runs, and nothing is fetched twice.
 */
export function homeFolder(): string {
  const named = process.env.SYLLABUS_HOME
  if (named) return resolve(named)
  const here = resolve('.syllabus')
  return existsSync(here) ? here : join(userData(), 'syllabus')
}

/** XDG_DATA_HOME where it is absolute, as its specification says. */
function userData(): string {
  const named = process.env.XDG_DATA_HOME ?? ''
  return isAbsolute(named) ? named : join(homedir(), '.local', 'share')
}

/** Makes the home, or a folder in it, and tries whether it can be written. @throws MachineError that says why not */
export const ensureHome = (folder: string): void =>
  ensureWritable(folder, 'set SYLLABUS_HOME to a folder that can be written')

/** Where reports and exports of runs go: SYLLABUS_RUNS, else `runs` in the current folder. */
export const runsFolder = (): string => resolve(process.env.SYLLABUS_RUNS || 'runs')

/** Enough that a disk without room for anything is found. */
const probe = Buffer.alloc(64 * 1024)

/**
 * Makes a folder where it is missing, and tries whether files can be written into it. `instead`: what helps beside putting the folder
 * right, as a half sentence.
 * @throws MachineError
 */
export function ensureWritable(folder: string, instead: string, mode?: number): void {
  try {
    makeOneByOne(folder, mode)
    tryWriting(folder)
  } catch (error) {
    throw explained(error, `${folder} cannot be written`, folder, instead)
  }
}

/** Makes a folder, and those above it, where they are missing. @throws MachineError */
export function makeFolder(folder: string, mode?: number): void {
  try {
    makeOneByOne(resolve(folder), mode)
  } catch (error) {
    const cannot = `The folder ${folder} cannot be made`
    // All above it are there.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw explained(error, cannot, folder, 'name another folder')
    throw new MachineError(`${cannot}: its file system takes no new ones.`, 'Name another folder.', { cause: error })
  }
}

/** Making several at once, Node reports ENOENT of a read-only file system, and below /proc it never returns. */
function makeOneByOne(folder: string, mode?: number): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  if (dirname(folder) !== folder) makeOneByOne(dirname(folder), mode)
  try {
    mkdirSync(folder, mode)
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error
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

const otherTemporary = 'set TMPDIR to a folder that can be written, for example: export TMPDIR=/var/tmp'

/** @throws MachineError where no temporary files can be made */
export function checkTemporary(): void {
  try {
    tryWriting(tmpdir())
  } catch (error) {
    throw temporaryFault(error)
  }
}

/** A fault of the folder for temporary files, with what helps. */
export const temporaryFault = (error: unknown): unknown =>
  explained(error, `Temporary files cannot be written to ${tmpdir()}`, tmpdir(), otherTemporary)
