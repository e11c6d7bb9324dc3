// After an install: takes Node's C headers away, 67 MB that nothing here compiles against.
// Plain JavaScript, since a Node that does not read TypeScript may run it.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const packages = fileURLToPath(new URL('../node_modules/node/node_modules', import.meta.url))

for (const name of existsSync(packages) ? readdirSync(packages) : []) {
  if (name.startsWith('node-')) rmSync(`${packages}/${name}/include`, { recursive: true, force: true })
}
