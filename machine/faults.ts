import { statfsSync } from 'node:fs'
import { UserError } from '../schemas/user-error.ts'

/** Something of this machine that only a person can put right: what, where, and the step that does it. Exit code 2. */
export class MachineError extends UserError {}

/** Why, and the step that helps. */
type Fault = { why: string; fix: string }

const rights = { why: 'permission denied', fix: 'Correct its rights' }
const notAFolder = { why: 'a file, or a link that leads nowhere, stands where a folder belongs', fix: 'Move that away' }
const faults: Readonly<Record<string, Fault>> = {
  EACCES: rights,
  EPERM: rights,
  EROFS: { why: 'its file system is read-only', fix: 'Mount it so that it can be written' },
  EDQUOT: { why: 'the quota of this user is used up', fix: 'Make room there' },
  EISDIR: { why: 'it is a folder, where a file belongs', fix: 'Move it away' },
  ENXIO: { why: 'it is no regular file', fix: 'Move it away' },
  ENOTDIR: notAFolder,
  EEXIST: notAFolder,
  ENOENT: { why: 'there is no such folder, or a link leads nowhere', fix: 'Make it' },
  ELOOP: { why: 'its links lead in a circle', fix: 'Correct them' },
  ENAMETOOLONG: { why: 'its path is too long', fix: 'Choose a shorter one' },
  EMFILE: { why: 'this process may open no more files', fix: 'Raise the limit (ulimit -n 1024)' },
  ENFILE: { why: 'this machine can open no more files', fix: 'Raise its limit' },
  EIO: { why: 'its disk fails', fix: 'Replace it' },
}

/** With more room than this, or fewer inodes, a write fails for want of inodes. */
const roomBytes = 1024 ** 2
const fewInodes = 4

/**
 * A fault of the file system as a MachineError that says what cannot be done, why, and what helps; any other error as it is.
 * `folder`: where it happened. `instead`: what helps otherwise, as a half sentence.
 */
export function explained(error: unknown, cannot: string, folder: string, instead?: string): unknown {
  const fault = faultOf(error, folder)
  if (fault === null) return error
  const fix = `${fault.fix}${instead === undefined ? '' : `, or ${instead}`}.`
  return new MachineError(`${cannot}: ${fault.why}.`, fix, { cause: error })
}

function faultOf(error: unknown, folder: string): Fault | null {
  const { code = '' } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC') return faults[code] ?? null
  return lacksInodes(folder)
    ? { why: 'its disk has no inodes left', fix: 'Remove files there (df -i shows how many it can have)' }
    : { why: 'its disk is full', fix: 'Make room there' }
}

/** File systems without a table of inodes say that there are none at all. */
function lacksInodes(folder: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(folder)
    return (files > 0 && ffree < fewInodes) || bavail * bsize > roomBytes
  } catch {
    return false
  }
}
