import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const module = fileURLToPath(new URL('../../machine/held-file.ts', import.meta.url))

/** A process that holds a file from when this resolves until it is killed. `around`: a command that starts it in its turn. */
export async function holdElsewhere(path: string, around: readonly string[] = []): Promise<ChildProcess> {
  const program = `const { holdFile } = await import(${JSON.stringify(module)})
    const held = await holdFile(${JSON.stringify(path)})
    console.log('held')
    setInterval(() => held.path, 1000)`
  const [command, ...args] = [...around, process.execPath, '--input-type=module', '-e', program]
  const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout!, 'data')
  return child
}
