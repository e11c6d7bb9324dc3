// After an install: takes Node's C headers away, 67 MB that nothing here compiles against; makes the link to Node that scripts find, since
// npm 10 removes it again (the packages for other machines have a command of that name, too); compiles what commands start with. Plain
// JavaScript, since a Node that does not read TypeScript may run it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ownNode } from '../cli/node-version-check.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const node = ownNode()

if (node) {
  rmSync(join(dirname(node), '../include'), { recursive: true, force: true })
  const commands = join(root, 'node_modules/.bin')
  const link = join(commands, 'node')
  mkdirSync(commands, { recursive: true })
  if (!existsSync(link)) symlinkSync(relative(commands, node), link)
}
spawnSync(node ?? process.execPath, [join(root, 'cli/compile.mjs')], { stdio: 'inherit' })
