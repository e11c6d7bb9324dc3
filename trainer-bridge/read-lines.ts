import type { Readable } from 'node:stream'

/**
 * Calls back with each line of a stream, without its end. Of one longer than `mostChars` only the beginning is kept, and given with
 * `isWhole` false. Lines end with `\n` alone: Node's `readline` also ends them at U+2028 and U+2029, which JSON has within its texts.
 */
export function forEachLine(
  stream: Readable,
  mostChars: number,
  onLine: (line: string, isWhole: boolean) => void,
): void {
  let line = ''
  /** Whether the rest of a line is passed over, whose beginning was given. */
  let passing = false
  const end = () => {
    if (!passing) onLine(line.replace(/\r$/, ''), true)
    line = ''
    passing = false
  }
  stream.setEncoding('utf8').on('data', (text: string) => {
    for (const [index, piece] of text.split('\n').entries()) {
      if (index > 0) end()
      if (passing) continue
      line += piece
      if (line.length <= mostChars) continue
      onLine(line.slice(0, mostChars), false)
      line = ''
      passing = true
    }
  })
  stream.on('end', () => line && end())
  // Whoever started the process hears of its end.
  stream.on('error', () => {})
}
