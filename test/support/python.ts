import { join, resolve } from 'node:path'
import { provisionRuntime, runtimeEnvironment, runtimePackage } from '../../provision/mod.ts'
import { runCommand } from '../../provision/run-command.ts'

export const home = resolve(process.env.SYLLABUS_HOME ?? '.syllabus')

/** The real runtime's Python, provisioned on first use as for a user. */
export async function runtimePython(): Promise<string> {
  return (await provisionRuntime({ home })).python
}

/** A random student of a few thousand weights in `folder`, which the real runtime loads and trains in milliseconds. */
export async function makeTinyStudent(python: string, folder: string): Promise<string> {
  const args = [join(runtimePackage, 'tests', 'tiny_student.py'), folder]
  await runCommand(python, args, { env: runtimeEnvironment(), timeoutMs: 120_000 })
  return folder
}

/** Random students of families in `tests/family_students.py`, each in a folder of its name: made at once, as loading torch takes long. */
export async function makeFamilyStudents(python: string, folder: string, families: readonly string[]): Promise<void> {
  const args = [join(runtimePackage, 'tests', 'family_students.py'), folder, ...families]
  await runCommand(python, args, { env: runtimeEnvironment(), timeoutMs: 120_000 })
}
