import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stageFile } from '../../../../tasks/staged-file.ts'
import { importFolder } from '../../../support/import-folder.ts'

/** Makes a draft of a folder with a file in it, and waits to be ended. */
const maker = (target: string) => `
  const { stageFile } = await import(${JSON.stringify(new URL('../../../../tasks/staged-file.ts', import.meta.url))})
  const { mkdirSync, writeFileSync } = await import('node:fs')
  const draft = await stageFile(${JSON.stringify(target)})
  mkdirSync(draft.path)
  writeFileSync(draft.path + '/a', 'a')
  console.log('made')
  setInterval(() => {}, 1000)`

async function endedBy(signal: NodeJS.Signals, target: string): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', maker(target)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(child.stdout, 'data')
  child.kill(signal)
  return ((await once(child, 'exit')) as [number | null, NodeJS.Signals | null])[1]
}

test('a draft gets its place, or goes', async () => {
  await using folder = await importFolder()
  const target = join(folder.path, 'inner', 'rows.jsonl')
  {
    await using draft = await stageFile(target)
    await writeFile(draft.path, 'half')
  }
  expect(await readdir(join(folder.path, 'inner'))).toEqual([])
  {
    await using draft = await stageFile(target)
    await writeFile(draft.path, 'whole')
    await draft.keep()
  }
  expect(await readdir(join(folder.path, 'inner'))).toEqual(['rows.jsonl'])
  expect(await readFile(target, 'utf8')).toBe('whole')
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  '%s leaves nothing, and ends the process as it does',
  async (signal) => {
    await using folder = await importFolder()
    expect(await endedBy(signal, join(folder.path, 'out'))).toBe(signal)
    expect(await readdir(folder.path)).toEqual([])
  },
)

test('what kill -9 left goes with the next draft, once nobody has written to it for an hour', async () => {
  await using folder = await importFolder()
  const target = join(folder.path, 'out')
  await endedBy('SIGKILL', target)
  const [left] = await readdir(folder.path)
  expect(left).toMatch(/^out\..{36}\.partial$/)
  await mkdir(join(folder.path, 'out.mine.partial'))
  const next = async () => {
    await using draft = await stageFile(target)
    expect(draft.path).not.toContain(left)
  }
  await next()
  expect(await readdir(folder.path)).toContain(left)
  const [old, now] = [new Date(Date.now() - 4_000_000), new Date()]
  const [path, inner] = [join(folder.path, left!), join(folder.path, left!, 'a')]
  await utimes(path, old, old)
  await utimes(inner, now, now)
  await next()
  expect(await readdir(folder.path)).toContain(left)
  await utimes(inner, old, old)
  await next()
  expect(await readdir(folder.path)).toEqual(['out.mine.partial'])
})
