// Which Node may run the project. Plain JavaScript without dependencies: it must work on the wrong Node too.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const needed = [24, 5]

/** Whether this Node strips types by itself, and goes through proxies. */
export function runsHere() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major > needed[0] || (major === needed[0] && minor >= needed[1])
}

/**
 * The Node that came with the packages, or null where it is not installed. There is one package for each kind of machine; npm installs
 * the one that fits, and checks it by the lock file.
 */
export function ownNode() {
  return nodePackages().find((path) => existsSync(path)) ?? null
}

function nodePackages() {
  const root = new URL('../', import.meta.url)
  const { optionalDependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  // Installed as a package of a project, what it needs may lie beside it.
  const folders = [new URL('node_modules/', root), new URL('../', root), new URL('../../', root)]
  return folders.flatMap((folder) =>
    Object.keys(optionalDependencies).map((name) => fileURLToPath(new URL(`${name}/bin/node`, folder))),
  )
}

export const explain = () =>
  `Syllabus runs on Node ${needed.join('.')} or newer, this is ${process.versions.node} (${process.execPath}).\n` +
  'Its own Node comes with "npm ci", for Linux and macOS on x64 and arm64: run that in the project folder, without --omit=optional.\n' +
  `On another machine, install Node ${needed.join('.')} or newer from https://nodejs.org.`

if (process.argv[1] === fileURLToPath(import.meta.url) && !runsHere()) {
  console.error(explain())
  process.exitCode = 2
}
