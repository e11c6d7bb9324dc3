import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runtimeRevision } from '../../schemas/runtime-protocol.ts'

export const hello = {
  protocol: 1,
  revision: runtimeRevision,
  device: 'cpu',
  torch: '1',
  transformers: '1',
  peft: '1',
  threads: 1,
}

/** A stand-in for Python, in a folder, that answers every request with `hello`, after some statements of its own that may change it. */
export async function fakePython(folder: string, statements: string): Promise<string> {
  const fake = join(await mkdtemp(join(folder, 'fake-')), 'python')
  const script = `#!${process.execPath}
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const result = ${JSON.stringify(hello)}
  const { id } = JSON.parse(line)
  ${statements}
  console.log(JSON.stringify({ id, event: 'done', result }))
})`
  await writeFile(fake, script)
  await chmod(fake, 0o755)
  return fake
}
