import { atMost, type Bus } from '../bus/mod.ts'
import { createLogFigures } from './log-figures.ts'
import type { MetricSample } from './metric-table.ts'
import type { ServerAnswers } from './observed.ts'

/**
 * Counts what the log has got since this was made. It reads when somebody wants the figures, what came since the last time, so a command
 * that nobody scrapes reads nothing. Give it the log's last place at the start.
 */
export function openLogReader(
  bus: Bus,
  answers: Pick<ServerAnswers, 'streams'>,
  options: { lastSeq: number; scrapeMs: number } & Parameters<typeof createLogFigures>[0],
) {
  const figures = createLogFigures(options)
  let next = options.lastSeq + 1
  let reading: Promise<void> | null = null

  async function read(): Promise<void> {
    const until = performance.now() + options.scrapeMs
    for await (const entry of bus.log({ fromSeq: next, follow: false, signal: new AbortController().signal })) {
      figures.take(entry)
      next = entry.seq + 1
      if (performance.now() > until) break
    }
  }

  return {
    async samples(): Promise<MetricSample[]> {
      reading ??= read()
        .catch(() => {})
        .finally(() => {
          reading = null
        })
      await atMost(reading, options.scrapeMs)
      const log = (await answers.streams())?.find(({ account }) => account === 'LAB')
      const unread = Math.max(0, (log?.lastSeq ?? 0) - next + 1)
      return [...figures.samples(), { name: 'syllabus_log_unread_messages', value: unread }]
    },
  }
}
