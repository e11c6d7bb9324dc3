import { join, resolve } from 'node:path'
import { provisionNatsServer, provisionRuntime, provisionStudent } from '../../provision/mod.ts'

/** The folder that tests share with the product: the server, the runtime and the student are fetched once. */
export const testHome = resolve(process.env.SYLLABUS_HOME ?? join(import.meta.dirname, '../../.syllabus'))

/** Before any test: everything real that the tests need is there, so that no test pays for it with its own time. */
export async function setup(): Promise<void> {
  const onProgress = (line: string) => {
    if (!/Collecting|Downloading|Using cached/.test(line)) console.log(`set-up: ${line.slice(0, 160)}`)
  }
  await provisionNatsServer({ home: testHome, onProgress })
  const { python } = await provisionRuntime({ home: testHome, onProgress })
  await provisionStudent({ home: testHome, python, onProgress })
}
