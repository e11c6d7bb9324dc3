import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { testHome } from './provision.ts'

/** What a home of a test has in common with `testHome`: what was fetched, and what is known of students (by their files' hashes). */
const shared = ['nats-server', 'runtime', 'students', 'converters', 'trainer/checked']

/** Makes a home of a test's own, in which nothing is fetched again; `without`: what it finds out for itself. */
export async function linkedHome(path: string, without: readonly string[] = []): Promise<void> {
  await mkdir(join(path, 'trainer'), { recursive: true })
  for (const part of ['converters', 'trainer/checked']) await mkdir(join(testHome, part), { recursive: true })
  for (const part of shared) if (!without.includes(part)) await symlink(join(testHome, part), join(path, part))
}
