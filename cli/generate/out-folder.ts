import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import { layouts } from '../export/format.ts'
import type { ExportFormat } from '../export/options.ts'

/** What a run is begun with is kept in the folder for its rows, so that the same command goes on. */
export const begunFile = 'run.json'
export const outcomeFile = 'generation.json'

/**
 * Makes the folder for the rows and tries whether it can be written, before anything is paid. Errors: UsageError when it cannot, or
 * when it holds files of somebody else that the export would replace.
 */
export async function prepareOut(out: string, format: ExportFormat): Promise<void> {
  const found = await saidPlainly(out, async () => {
    await mkdir(out, { recursive: true })
    const probe = join(out, `.probe-${randomUUID()}`)
    await writeFile(probe, 'x')
    await rm(probe)
    return readdir(out)
  })
  if (found.includes(begunFile)) return
  const written = [layouts[format].file, 'dataset_info.json', 'README.md', outcomeFile]
  const foreign = found.filter((name) => written.includes(name))
  if (foreign.length === 0) return
  throw new UsageError(
    `${out} holds ${foreign.join(', ')}, which this command did not write and would replace.`,
    'Give another --out, or move them away.',
  )
}

/** ENOENT: of a folder that is to be made where none can be. */
const faults = ['ENOENT', 'ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'ENAMETOOLONG']

/** Errors: UsageError in place of a fault of the folder, which only a person can mend. */
export async function saidPlainly<T>(out: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    if (!faults.includes(code)) throw error
    throw new UsageError(
      `${out} cannot be written: ${message}.`,
      'Make room or correct its rights, then give the same command again: rows that were made are kept. Or give another --out.',
    )
  }
}
