import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { explained } from '../../machine/faults.ts'
import { ensureWritable } from '../../machine/folders.ts'
import { FileHeldError, type HeldFile, holderName, holdFile } from '../../machine/held-file.ts'
import { UsageError } from '../../schemas/user-error.ts'
import type { ExportFormat } from '../export/formats.ts'
import { layouts } from '../export/layouts.ts'

/** What a run is begun with is kept in the folder for its rows, so that the same command goes on. */
export const begunFile = 'run.json'
export const outcomeFile = 'generation.json'

/**
 * Makes the folder for the rows and tries whether it can be written, before anything is paid.
 * @throws MachineError when it cannot; UsageError when it holds files of somebody else that the export would replace
 */
export async function prepareOut(out: string, format: ExportFormat): Promise<void> {
  ensureWritable(out, again)
  const found = await readdir(out)
  if (found.includes(begunFile)) return
  const written = [layouts[format].file, 'dataset_info.json', 'README.md', outcomeFile]
  const foreign = found.filter((name) => written.includes(name))
  if (foreign.length === 0) return
  throw new UsageError(
    `${out} holds ${foreign.join(', ')}, which this command did not write and would replace.`,
    'Give another --out, or move them away.',
  )
}

const again = 'give another --out; rows that were made are kept, and the same command goes on'

/** What writes into the folder. @throws MachineError in place of a fault of the folder, which only a person can put right */
export async function writingInto<T>(out: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explained(error, `${out} cannot be written`, out, again)
  }
}

/**
 * Holds the folder for the rows until disposed, so that one command at a time writes into it, whichever home it works in.
 * @throws UsageError that names the holder
 */
export async function lockOut(out: string, notify: (line: string) => void, silentMs?: number): Promise<HeldFile> {
  try {
    return await holdFile(join(out, '.generate.lock'), { onWait: notify, silentMs })
  } catch (error) {
    if (!(error instanceof FileHeldError)) throw error
    throw new UsageError(
      `${out} is in use: ${holderName(error.holder)} makes rows into it.`,
      'Wait until it ends, stop it, or give another --out.',
    )
  }
}
