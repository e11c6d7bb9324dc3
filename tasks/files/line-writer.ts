import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { basename } from 'node:path'
import type { SplitFile } from '../../schemas/task.ts'

/** Writes a text file line by line, hashed on the way. A failure of the disk is thrown by the next call. */
export class LineWriter {
  private readonly stream: WriteStream
  private readonly hash = createHash('sha256')
  private failure: Error | null = null
  private count = 0

  constructor(path: string) {
    this.stream = createWriteStream(path)
    this.stream.on('error', (error) => {
      this.failure ??= error
    })
  }

  async write(line: string): Promise<void> {
    if (this.failure !== null) throw this.failure
    this.hash.update(`${line}\n`)
    this.count += 1
    if (!this.stream.write(`${line}\n`)) await once(this.stream, 'drain')
  }

  /** Closes the file and says what was written. */
  async close(): Promise<SplitFile> {
    this.stream.end()
    if (!this.stream.closed) await once(this.stream, 'close')
    if (this.failure !== null) throw this.failure
    return { file: basename(String(this.stream.path)), sha256: this.hash.digest('hex'), count: this.count }
  }

  /** Gives up the file. */
  destroy(): void {
    this.stream.destroy()
  }
}
