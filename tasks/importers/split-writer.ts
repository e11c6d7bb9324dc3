import { join } from 'node:path'
import type { Item, SplitFile } from '../../schemas/task.ts'
import { LineWriter } from '../files/line-writer.ts'

/** Writes the items of a split. */
export class SplitWriter {
  private readonly file: string
  private readonly lines: LineWriter

  constructor(folder: string, file: string) {
    this.file = file
    this.lines = new LineWriter(join(folder, file))
  }

  async write(item: Item): Promise<void> {
    await this.lines.write(JSON.stringify(item))
  }

  async close(): Promise<SplitFile> {
    const sha256 = await this.lines.close()
    return { file: this.file, sha256, count: this.lines.count }
  }

  /** Gives up the file. */
  destroy(): void {
    this.lines.destroy()
  }
}
