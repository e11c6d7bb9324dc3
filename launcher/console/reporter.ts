import { SingleBar } from 'cli-progress'
import { printable, printableJson } from '../../schemas/printable.ts'

/** Where a command reports its progress to a person or a machine. */
export type Reporter = {
  line(text: string): void
  /** Progress of long work: a bar on a terminal; elsewhere a line at each quarter. */
  progress(label: string, done: number, total: number, detail?: string): void
  /** A machine-readable line; only with --json. */
  json(value: unknown): void
  close(): void
}

/** With `json` one JSON value a line; else text, with bars where a person looks. */
export function createReporter({
  json = false,
  stream = process.stdout,
}: {
  json?: boolean
  stream?: NodeJS.WriteStream
} = {}): Reporter {
  if (json) {
    const write = (value: unknown) => stream.write(`${printableJson(value)}\n`)
    return {
      line: (text) => write({ type: 'line', text }),
      progress: (label, done, total, detail) => write({ type: 'progress', label, done, total, detail }),
      json: write,
      close: () => {},
    }
  }
  return stream.isTTY ? terminalReporter(stream) : plainReporter(stream)
}

function plainReporter(stream: NodeJS.WriteStream): Reporter {
  const quarters = new Map<string, number>()
  return {
    line: (text) => stream.write(`${printable(text)}\n`),
    progress(label, done, total, detail = '') {
      const quarter = Math.floor((4 * done) / Math.max(1, total))
      if ((quarters.get(label) ?? 0) >= quarter) return
      quarters.set(label, quarter)
      stream.write(printable(`  ${label}: ${done} of ${total} ${detail}\n`))
    },
    json: () => {},
    close: () => {},
  }
}

function terminalReporter(stream: NodeJS.WriteStream): Reporter {
  let bar: { label: string; bar: SingleBar } | null = null
  const clear = () => {
    bar?.bar.stop()
    bar = null
  }
  return {
    line(text) {
      clear()
      stream.write(`${printable(text)}\n`)
    },
    progress(label, done, total, note = '') {
      const detail = printable(note)
      if (bar?.label !== label) {
        clear()
        const options = {
          format: `  {label} {bar} {value}/{total} {detail}`,
          stream,
          clearOnComplete: true,
          hideCursor: true,
        }
        bar = { label, bar: new SingleBar(options) }
        bar.bar.start(total, done, { label, detail })
      } else bar.bar.update(done, { label, detail })
      if (done >= total) clear()
    },
    json: () => {},
    close: clear,
  }
}
