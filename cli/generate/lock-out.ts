import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import { lockFile } from '../lock-file.ts'

/**
 * Holds the folder for the rows until disposed, so that one command at a time writes into it, whichever home it works in. A lock whose
 * process is gone is taken over. Errors: UsageError that names the holder.
 */
export function lockOut(out: string): Promise<AsyncDisposable> {
  const path = join(out, '.generate.lock')
  return lockFile(
    path,
    (holder) =>
      new UsageError(
        `${out} is in use: ${holder} makes rows into it.`,
        `Wait until it ends, stop it, or give another --out. If it is gone for sure, remove ${path}.`,
      ),
  )
}
