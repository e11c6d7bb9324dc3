import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { explained } from '../../machine/faults.ts'
import { Token } from '../../schemas/ids.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { isBuiltIn } from '../../schemas/variants.ts'
import { pythonFiles } from './python.ts'
import type { AgentLanguage, NewRole } from './template.ts'
import { typescriptFiles } from './typescript.ts'

export type NewAgent = { role: NewRole; language: AgentLanguage; dir: string; name?: string | undefined }

/** What was written, and the commands that go on with it, in that folder. */
export type WrittenAgent = { dir: string; name: string; files: string[]; next: string[] }

const mostNameChars = 32

/**
 * Writes a folder with an agent that works, a test of it and a topology that names it.
 * @throws UsageError for a folder that holds files already, and a name that cannot be a variant's
 */
export async function newAgent({
  role,
  language,
  dir,
  name = basename(resolve(dir)),
}: NewAgent): Promise<WrittenAgent> {
  if (!Token.safeParse(name).success || name.length > mostNameChars)
    throw new UsageError(
      `"${name}" cannot be the name of an agent.`,
      `Give --name <name>: lower-case letters, digits and dashes, ${mostNameChars} at most.`,
    )
  if (isBuiltIn(role, name))
    throw new UsageError(`"${name}" is the name of a built-in ${role}.`, 'Give another --name.')
  const module = language === 'python' ? name.replaceAll('-', '_').replace(/^(?=\d)/, 'agent_') : name
  const { files, variant, next } = (language === 'python' ? pythonFiles : typescriptFiles)(role, { name, module })
  const there = await readdir(dir).catch(() => [])
  if (there.length > 0)
    throw new UsageError(
      `${dir} holds files already: ${there.slice(0, 3).join(', ')}.`,
      'Name a new folder, or empty it.',
    )
  try {
    await mkdir(dir, { recursive: true })
    for (const [file, text] of Object.entries(files)) await writeFile(join(dir, file), text, { flag: 'wx' })
  } catch (error) {
    throw explained(error, `${dir} cannot be written`, dir, 'name another folder')
  }
  const program = role === 'generator' ? ' --program program.yaml' : ''
  const check = `npx syllabus agent check ${variant}${program}`
  const use =
    role === 'generator'
      ? 'npx syllabus generate --topology topology.yaml --program program.yaml --rows 60 --out rows'
      : 'npx syllabus run --topology topology.yaml --quick'
  return { dir, name, files: Object.keys(files).sort(), next: [...next, check, use] }
}
