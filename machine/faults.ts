import { statfsSync } from 'node:fs'

/** Something of this machine that only a person can put right: what, where, and the step that does it. Exit code 2. */
export class MachineError extends Error {
  readonly mend: string

  constructor(message: string, mend: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MachineError'
    this.mend = mend
  }
}

const words: Readonly<Record<string, string>> = {
  EACCES: 'this user has no right to',
  EPERM: 'this user has no right to',
  EROFS: 'its file system is read-only',
  EDQUOT: 'the quota of this user is used up',
  EISDIR: 'it is a folder, where a file belongs',
  ENOTDIR: 'a part of its path is a file, where a folder belongs',
  EEXIST: 'a file stands where a folder belongs',
  ENOENT: 'there is no such folder',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'its path is too long',
  EMFILE: 'this process may open no more files (ulimit -n)',
  ENFILE: 'this machine can open no more files',
  EIO: 'its disk fails',
}

/**
 * A fault of the file system as a MachineError that names the path, what cannot be done with it and why; any other error as it is.
 * `folder`: where the path lies.
 */
export function explained(error: unknown, cannot: string, folder: string, mend: string): unknown {
  const fault = faultOf(error, folder)
  return fault === null ? error : new MachineError(`${cannot}: ${fault}.`, mend, { cause: error })
}

function faultOf(error: unknown, folder: string): string | null {
  const { code = '' } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC')
    return hasInodes(folder) ? 'the disk is full' : 'the disk has no inodes left (df -i shows them)'
  return words[code] ?? null
}

/** File systems without inodes of their own count none at all. */
function hasInodes(folder: string): boolean {
  try {
    const { files, ffree } = statfsSync(folder)
    return files === 0 || ffree > 0
  } catch {
    return true
  }
}
