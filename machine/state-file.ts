import { randomUUID } from 'node:crypto'
import { link, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import type { z } from 'zod'
import { explained, MachineError } from './faults.ts'

/**
 * Files that outlive a process, and a power cut: whoever reads one sees the old text or the new one, whole.
 * What a disk or a person did to one all the same is found when it is read, by its schema.
 */

/** What stands in a state file is not what was written to it: it is empty, cut off, or something else. */
export class StateFileError extends MachineError {}

/** Readable by its owner alone, as everything that is kept for one user. */
const usualMode = 0o600

/** Replaces the text of a file: written beside it, synced, renamed. @throws MachineError */
export async function writeState(path: string, text: string, mode = usualMode): Promise<void> {
  await naming(path, 'written', async () => {
    await writeFileAtomic(path, text, { mode })
    await syncFolder(dirname(path))
  })
}

/** Makes a file that is not there yet, whole; false where it is. @throws MachineError */
export async function createState(path: string, text: string, mode = usualMode): Promise<boolean> {
  const own = `${path}.${randomUUID()}`
  return naming(path, 'written', async () => {
    try {
      await writeFileAtomic(own, text, { mode })
      await link(own, path)
      await syncFolder(dirname(path))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    } finally {
      await rm(own, { force: true })
    }
  })
}

/**
 * What a file of JSON holds; null where there is none.
 * @throws StateFileError when it does not hold what it should; MachineError when it cannot be read
 */
export async function readState<S extends z.ZodType>(
  path: string,
  schema: S,
  mend: string,
): Promise<z.infer<S> | null> {
  const text = await readText(path)
  if (text === null) return null
  const parsed = parse(text, schema)
  if ('value' in parsed) return parsed.value
  throw new StateFileError(`${path} ${parsed.fault}.`, mend)
}

/** The same of a file that can be made again: one that does not hold what it should counts as missing, and `tell` hears of it. */
export async function readOrForget<S extends z.ZodType>(
  path: string,
  schema: S,
  tell: (line: string) => void,
): Promise<z.infer<S> | null> {
  try {
    return await readState(path, schema, '')
  } catch (error) {
    if (!(error instanceof StateFileError)) throw error
    tell(`${error.message.slice(0, -1)}; it is made again`)
    return null
  }
}

/** A file's text; null where there is none. @throws MachineError */
export async function readText(path: string): Promise<string | null> {
  return naming(path, 'read', () =>
    readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    }),
  )
}

function parse<S extends z.ZodType>(text: string, schema: S): { value: z.infer<S> } | { fault: string } {
  if (text.trim() === '') return { fault: 'is empty' }
  if (/^\0+$/.test(text)) return { fault: 'holds nothing but zeros' }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { fault: 'is cut off or damaged: it holds no JSON' }
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return { value: parsed.data }
  const { path: at, message } = parsed.error.issues[0]!
  return { fault: `does not hold what it should (${[at.join('.'), message].filter(Boolean).join(': ')})` }
}

/** A rename is on the disk once its folder is. File systems that cannot sync a folder do without. */
export async function syncFolder(folder: string): Promise<void> {
  const opened = await open(folder, 'r').catch(() => null)
  await opened?.sync().catch(() => {})
  await opened?.close()
}

async function naming<T>(path: string, what: 'read' | 'written', work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const mend =
      what === 'read' ? 'Correct its rights, or move it away.' : 'Make room, correct its rights, or move it away.'
    throw explained(error, `${path} cannot be ${what}`, dirname(path), mend)
  }
}
