import { expect, test } from 'vitest'
import { writingInto } from '../../../experiments/generate/out-folder.ts'

test.each([
  ['EROFS', 'its file system is read-only'],
  ['EACCES', 'permission denied'],
  ['ENOSPC', /its disk (is full|has no inodes left)/],
])('a place where nothing can be written is told with what fixes it: %s', async (code, why) => {
  const fault = Object.assign(new Error(`${code}: mkdir`), { code })
  await expect(writingInto('/read-only/rows', () => Promise.reject(fault))).rejects.toMatchObject({
    message: typeof why === 'string' ? `/read-only/rows cannot be written: ${why}.` : expect.stringMatching(why),
    fix: expect.stringContaining('another --out'),
  })
})
