import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { Program } from '../schemas/program.ts'
import { UsageError } from './errors.ts'

/** What a program file holds, JSON or YAML, not yet checked. Errors: UsageError. */
export async function readProgramFile(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new UsageError(`There is no program ${path}.`, 'Name an existing file, JSON or YAML.')
  })
  try {
    return parse(text)
  } catch (error) {
    throw new UsageError(`The program ${path} is neither JSON nor YAML: ${(error as Error).message}`, 'Mend that line.')
  }
}

/** Reads a curation program. Errors: UsageError that names each fault and its place. */
export async function readProgram(path: string): Promise<Program> {
  const parsed = Program.safeParse(await readProgramFile(path))
  if (parsed.success) return parsed.data
  const mend = 'Correct what is named; schemas/generated/program.json says what a program may hold.'
  throw new UsageError(`The program ${path} is not valid:\n${z.prettifyError(parsed.error)}`, mend)
}
