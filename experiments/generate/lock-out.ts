import { join } from 'node:path'
import { FileHeldError, type HeldFile, holdFile, nameOf } from '../../machine/held-file.ts'
import { UsageError } from '../../schemas/user-error.ts'

/**
 * Holds the folder for the rows until disposed, so that one command at a time writes into it, whichever home it works in.
 * Errors: UsageError that names the holder.
 */
export async function lockOut(out: string, notify: (line: string) => void, silentMs?: number): Promise<HeldFile> {
  try {
    return await holdFile(join(out, '.generate.lock'), { onWait: notify, silentMs })
  } catch (error) {
    if (!(error instanceof FileHeldError)) throw error
    throw new UsageError(
      `${out} is in use: ${nameOf(error.holder)} makes rows into it.`,
      'Wait until it ends, stop it, or give another --out.',
    )
  }
}
