import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const module = fileURLToPath(new URL('../../machine/tied-child.ts', import.meta.url))

/** A process that runs a piece of code with `spawnTied` and `tie` at hand; gives the first line that this writes. */
export async function tiedParent(code: string): Promise<{ parent: ChildProcess; line: string }> {
  const program = `import { spawn } from 'node:child_process'
    import { spawnTied, tie } from ${JSON.stringify(module)}
    setInterval(() => {}, 1000)
    ${code}`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [chunk] = (await once(parent.stdout, 'data')) as [Buffer]
  return { parent, line: chunk.toString('utf8').trim() }
}
