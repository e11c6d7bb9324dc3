import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { homeFolder } from '../../machine/folders.ts'
import { FileHeldError, holderName, holderOf, holdFile } from '../../machine/held-file.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { tokenOf } from './presence.ts'

/** The nodes of a home: each holds a file of its name. */
const fileOf = (node: string) => join(homeFolder(), `node-${tokenOf(node)}.json`)

/** Says that this process is the node of this home, until disposed. @throws UsageError where another is */
export async function holdName(node: string, line: (text: string) => void): Promise<AsyncDisposable> {
  try {
    return await holdFile(fileOf(node), { details: { node }, onWait: line })
  } catch (error) {
    if (!(error instanceof FileHeldError)) throw error
    throw new UsageError(
      `The node "${node}" of ${homeFolder()} is up already: ${holderName(error.holder)}.`,
      'Stop it first: npx syllabus node stop.',
    )
  }
}

type Held = { node: string; pid: number; file: string }

async function nodesHere(): Promise<Held[]> {
  const names = await readdir(homeFolder()).catch(() => [])
  const files = names.filter((name) => /^node-.*\.json$/.test(name)).map((name) => join(homeFolder(), name))
  const held = files.map(async (file) => ({ file, holder: await holderOf(file) }))
  return (await Promise.all(held)).flatMap(({ file, holder }) =>
    holder ? [{ file, pid: holder.pid, node: String(holder.node) }] : [],
  )
}

const lookMs = 200

/**
 * Drains a node of this home, and waits for its end.
 * @throws UsageError where there is none, or several and none is named
 */
export async function stopNode(name: string | undefined, line: (text: string) => void): Promise<void> {
  const here = await nodesHere()
  const [node, ...others] = here.filter((each) => name === undefined || each.node === name)
  const names = here.map((each) => each.node).join(', ')
  if (!node) {
    throw new UsageError(
      `No node${name === undefined ? '' : ` "${name}"`} is up with the home ${homeFolder()}${names && `; up: ${names}`}.`,
      'Give the command on its host, with its SYLLABUS_HOME; npx syllabus cluster status shows where nodes are.',
    )
  }
  if (others.length > 0) throw new UsageError(`Several nodes are up here: ${names}.`, 'Name the one to stop.')
  line(`node ${node.node} (process ${node.pid}) takes nothing more, and finishes what it has in hand`)
  process.kill(node.pid, 'SIGTERM')
  while ((await holderOf(node.file)) !== null) await sleep(lookMs)
  line(`node ${node.node} has ended`)
}
