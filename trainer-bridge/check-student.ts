import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fingerprintOf, SetupError } from '../provision/mod.ts'
import { hashOf } from '../schemas/hash.ts'
import { CheckResult, runtimeRevision } from '../schemas/runtime-protocol.ts'
import type { ChatSettings } from '../schemas/task.ts'
import { parseJson } from './read-lines.ts'
import type { Runtime } from './runtime.ts'
import { RuntimeRequestError } from './runtime-errors.ts'

type Checked = { student: { name: string; path: string }; chat: ChatSettings; home: string }

/** What is known of a student from an earlier check on this machine; null when it was not checked, or is another one since. */
export async function knownCheck({ student, chat, home }: Checked): Promise<CheckResult | null> {
  const text = await readFile(await fileOf({ student, chat, home }), 'utf8').catch(() => '')
  return CheckResult.safeParse(parseJson(text)).data ?? null
}

/**
 * Finds out whether a student can be trained and asked, once on a machine: its files are loaded, two rows are trained on without a step and
 * a question is begun. Errors: SetupError that names what does not work.
 */
export async function checkStudent(
  { student, chat, home }: Checked,
  runtime: Pick<Runtime, 'check'>,
  signal: AbortSignal,
): Promise<CheckResult> {
  const known = await knownCheck({ student, chat, home })
  if (known) return known
  try {
    const found = await runtime.check({ student: student.path, system: '', chat }, { signal })
    const file = await fileOf({ student, chat, home })
    await mkdir(join(home, 'trainer', 'checked'), { recursive: true })
    await writeFile(file, JSON.stringify(found))
    return found
  } catch (error) {
    if (!(error instanceof RuntimeRequestError) || ['cancelled', 'internal'].includes(error.kind)) throw error
    throw new SetupError(
      `The student ${student.name} cannot be used: ${error.message}.`,
      'Name another one, or correct its files: agents.trainer-bridge.options.student in the topology, or LOCAL_MODEL.',
      { cause: error },
    )
  }
}

async function fileOf({ student, chat, home }: Checked): Promise<string> {
  const key = hashOf({ files: await fingerprintOf(student.path), chat, runtime: runtimeRevision })
  return join(home, 'trainer', 'checked', `${key}.json`)
}
