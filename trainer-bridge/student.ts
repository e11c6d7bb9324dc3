import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { writeWhole } from '../machine/state-file.ts'
import { fetchHubStudent, fingerprintOf, identityOf, provisionStudent, SetupError } from '../provision/mod.ts'
import { jsonOrNull } from '../schemas/bounded-json.ts'
import { hashOf } from '../schemas/hash.ts'
import { CheckResult, runtimeRevision } from '../schemas/runtime-protocol.ts'
import type { ChatSettings } from '../schemas/task.ts'
import type { Student } from './job.ts'
import type { Runtime } from './runtime.ts'
import { RuntimeRequestError } from './runtime-errors.ts'

type Setup = {
  home: string
  python: string
  onProgress: (line: string) => void
  signal: AbortSignal
  env?: NodeJS.ProcessEnv
}

/**
 * Where a student lies on this machine, fetched where it was not there. Nothing large is read of a folder.
 * @throws SetupError
 */
export async function ensureStudent(choice: string, setup: Setup): Promise<Omit<Student, 'sha256'>> {
  const read = readStudentChoice(choice)
  switch (read.kind) {
    case 'embedded': {
      const { path } = await provisionStudent(setup)
      return { name: basename(path), path }
    }
    case 'folder':
      checkStudentFolder(choice)
      return { name: basename(read.path), path: read.path }
    case 'hub':
      return { name: read.name, path: await fetchHubStudent(read, setup) }
    default:
      return read satisfies never
  }
}

/** @throws SetupError when the choice is a folder that holds no model */
export function checkStudentFolder(choice: string): void {
  const read = readStudentChoice(choice)
  if (read.kind !== 'folder' || holdsModel(read.path)) return
  throw new SetupError(
    `The student ${read.path} is not a folder with a transformers model: it has no config.json.`,
    'Give the folder that holds config.json and the weights, a hub name such as "org/model", or "embedded".',
  )
}

/**
 * The student, present and identified by what it is, however it is named.
 * @throws SetupError
 */
export async function prepareStudent(choice: string, setup: Setup): Promise<Student> {
  const student = await ensureStudent(choice, setup)
  return { ...student, sha256: await identityOf(student.path) }
}

/** What a topology's `student` names: the one that comes with the project, a folder of this machine, or a model of the hub. */
type StudentChoice =
  | { kind: 'embedded' }
  | { kind: 'folder'; path: string }
  | { kind: 'hub'; name: string; revision: string | null }

/** `org/model`, or a name without one; a revision is a branch, a tag or a commit. */
const hubName = /^(?<name>[\w.-]+(?:\/[\w.-]+)?)(?:@(?<revision>[\w./-]+))?$/

/**
 * Reads a choice. A relative path is taken from the working directory, and a folder that is there goes before a model of the hub with
 * the same name: `models/tiny` may be either.
 */
export function readStudentChoice(choice: string): StudentChoice {
  if (choice === 'embedded') return { kind: 'embedded' }
  const path = resolve(choice.replace(/^~(?=\/|$)/, homedir()))
  const hub = /^(\.{0,2}\/|~|\.{1,2}$)/.test(choice) || existsSync(path) ? null : hubName.exec(choice)
  if (hub === null) return { kind: 'folder', path }
  return { kind: 'hub', name: hub.groups!.name!, revision: hub.groups!.revision ?? null }
}

/** One text for one choice, so that two ways of writing a folder can be compared. */
export function sameStudent(one: string, other: string): boolean {
  return JSON.stringify(readStudentChoice(one)) === JSON.stringify(readStudentChoice(other))
}

/** Whether a folder holds a transformers model. */
const holdsModel = (folder: string): boolean => existsSync(join(folder, 'config.json'))

/** `by`: the runtime that tries it; left out: the project's own. */
type Checked = { student: { name: string; path: string }; chat: ChatSettings; home: string; by?: string }

/** What is known of a student from an earlier check on this machine; null when it was not checked, or is another one since. */
export async function knownCheck(checked: Checked): Promise<CheckResult | null> {
  const text = await readFile(await fileOf(checked), 'utf8').catch(() => '')
  return CheckResult.safeParse(jsonOrNull(text)).data ?? null
}

/**
 * Finds out whether a student can be trained and asked, once on a machine: its files are loaded, two rows are trained on without a step and
 * a question is begun.
 * @throws SetupError that names what does not work
 */
export async function checkStudent(
  checked: Checked,
  runtime: Pick<Runtime, 'check'>,
  signal: AbortSignal,
): Promise<CheckResult> {
  const { student, chat, home, by } = checked
  const known = await knownCheck(checked)
  if (known) return known
  try {
    const found = await runtime.check({ student: student.path, system: '', chat }, { signal })
    const file = await fileOf(checked)
    await mkdir(join(home, 'trainer', 'checked'), { recursive: true })
    await writeWhole(file, JSON.stringify(found))
    return found
  } catch (error) {
    if (!(error instanceof RuntimeRequestError) || ['cancelled', 'internal'].includes(error.kind)) throw error
    throw new SetupError(
      `The student ${student.name} cannot be used: ${error.message}.`,
      `Name another one, or correct its files: agents.trainer-bridge.options.student in the topology, or LOCAL_MODEL${by ? '; or choose another runtime, options.train' : ''}.`,
      { cause: error },
    )
  }
}

async function fileOf({ student, chat, home, by }: Checked): Promise<string> {
  // A student is decoded in other ways where the fast paths are off, so that is another check; its files alone name it where they are on.
  const asked = process.env.SYLLABUS_FAST_PATHS || 'on'
  const switched = asked === 'on' ? {} : { fastPaths: asked }
  const key = hashOf({
    files: await fingerprintOf(student.path),
    chat,
    runtime: runtimeRevision,
    ...switched,
    ...(by && { by }),
  })
  return join(home, 'trainer', 'checked', `${key}.json`)
}
