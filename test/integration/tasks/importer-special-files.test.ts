import { execFileSync } from 'node:child_process'
import { symlink, truncate } from 'node:fs/promises'
import { createServer } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { readTask } from '../../../tasks/load.ts'
import { importFolder, jsonLines, times } from '../../support/import-folder.ts'

const rows = times(24, (at) => ({ question: `What is ${at}?`, answer: `${at}` }))

afterEach(() => vi.unstubAllEnvs())

describe('what an import reads is a regular file of bounded size, or is refused at once', () => {
  test.each(['/dev/zero', '/dev/urandom', '/dev/tty'])(
    'a link to %s, as the source and as the audit',
    async (device) => {
      await using folder = await importFolder()
      const source = await folder.put('a.jsonl', jsonLines(rows))
      for (const name of ['b.jsonl', 'b.csv', 'b.parquet', 'b.json']) {
        const link = `${folder.path}/${name}`
        await symlink(device, link)
        expect((await folder.refused('jsonl', link)).what).toBe('Not a regular file')
        expect((await folder.refused('jsonl', source, { audit: link })).what).toBe('Not a regular file')
      }
    },
  )

  test('a pipe and a socket', async () => {
    await using folder = await importFolder()
    execFileSync('mkfifo', [`${folder.path}/pipe.jsonl`])
    expect((await folder.refused('jsonl', `${folder.path}/pipe.jsonl`)).what).toBe('Not a regular file')
    const server = createServer().listen(`${folder.path}/socket.csv`)
    await new Promise((done) => server.once('listening', done))
    expect((await folder.refused('csv', `${folder.path}/socket.csv`)).what).toBe('Not a regular file')
    server.close()
  })

  test('a file of more than is read of one, which the environment says', async () => {
    await using folder = await importFolder()
    const source = await folder.put('a.jsonl', jsonLines(rows))
    await truncate(source, 17 * 1024 ** 3)
    const error = await folder.refused('jsonl', source)
    expect(error.what).toContain('18253611008 bytes, more than the 17179869184')
    expect(error.fix).toContain('SYLLABUS_MAX_SOURCE_MIB')
    vi.stubEnv('SYLLABUS_MAX_SOURCE_MIB', '0.0001')
    const small = await folder.put('b.jsonl', jsonLines(rows))
    expect((await folder.refused('jsonl', small)).what).toContain('more than the 105')
    vi.stubEnv('SYLLABUS_MAX_SOURCE_MIB', 'much')
    expect((await folder.refused('jsonl', small)).what).toBe('SYLLABUS_MAX_SOURCE_MIB is much')
  })

  test('a split of more than is read of one', async () => {
    await using folder = await importFolder()
    const { out, task } = await folder.import('jsonl', await folder.put('a.jsonl', jsonLines(rows)))
    await truncate(`${out}/${task.splits.test.file}`, 513 * 1024 ** 2)
    await expect(readTask(out)).rejects.toThrow(/more than the 536870912 bytes/)
    vi.stubEnv('SYLLABUS_MAX_RECORDS_MIB', '0.0001')
    await expect(readTask(out)).rejects.toThrow(/more than the 105/)
  })
})
