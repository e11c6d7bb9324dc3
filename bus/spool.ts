import { createHash, randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { temporaryFault } from '../machine/folders.ts'

/** Bytes that wait on disk, with what is known of them only after the last. */
export type Spooled = AsyncDisposable & {
  sha256: string
  bytes: number
  read(from: number, to: number): Promise<Uint8Array>
}

/** Writes pieces to a file of TMPDIR, which goes with its last reader, however that ends. */
export async function spool(pieces: AsyncIterable<Uint8Array>): Promise<Spooled> {
  const path = join(tmpdir(), `syllabus-${randomUUID()}`)
  const file = await open(path, 'wx+', 0o600).catch((error: unknown) => {
    throw temporaryFault(error)
  })
  try {
    // What is open stays readable, and a killed process leaves nothing.
    await rm(path)
    const hash = createHash('sha256')
    let bytes = 0
    for await (const piece of pieces) {
      hash.update(piece)
      bytes += piece.length
      await file.appendFile(piece)
    }
    return {
      sha256: hash.digest('hex'),
      bytes,
      async read(from, to) {
        const part = Buffer.alloc(to - from)
        let filled = 0
        while (filled < part.length) {
          const { bytesRead } = await file.read(part, filled, part.length - filled, from + filled)
          if (bytesRead === 0) throw new Error(`${path} is shorter than what was written to it`)
          filled += bytesRead
        }
        return part
      },
      [Symbol.asyncDispose]: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}
