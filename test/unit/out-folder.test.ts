import { expect, test } from 'vitest'
import { saidPlainly } from '../../cli/generate/out-folder.ts'

test.each(['EROFS', 'ENOENT', 'ENOSPC'])(
  'a place where nothing can be written is told with what mends it: %s',
  async (code) => {
    // Node tells ENOENT of a folder that is to be made on a file system that is read-only.
    const fault = Object.assign(new Error(`${code}: mkdir`), { code })
    await expect(saidPlainly('/read-only/rows', () => Promise.reject(fault))).rejects.toMatchObject({
      message: `/read-only/rows cannot be written: ${code}: mkdir.`,
      mend: expect.stringContaining('another --out'),
    })
  },
)
