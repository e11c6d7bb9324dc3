// Which Node may run the project. Plain JavaScript without dependencies: it must work on the wrong Node too.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const needed = [24, 5]

/** Whether this Node strips types by itself, and goes through proxies. */
export function runsHere() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major > needed[0] || (major === needed[0] && minor >= needed[1])
}

/** The Node of the package `node`, or null where it is not installed. */
export function ownNode() {
  const path = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url))
  return existsSync(path) ? path : null
}

export const explain = () =>
  `Syllabus runs on Node ${needed.join('.')} or newer, this is ${process.versions.node} (${process.execPath}).\n` +
  'Its own Node comes with "npm ci": run that in the project folder, and allow the install script of the package "node".'

if (process.argv[1] === fileURLToPath(import.meta.url) && !runsHere()) {
  console.error(explain())
  process.exitCode = 2
}
