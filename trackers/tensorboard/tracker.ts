import { join } from 'node:path'
import { z } from 'zod'
import { appendAt, cutTo } from '../appended-file.ts'
import type { TrackedRecord } from '../record.ts'
import type { TrackedRun, Tracker } from '../tracker.ts'
import { type EventContent, eventBytes } from './event-file.ts'

/** The bytes of each series' file that are noted as written, by its path. */
const State = z.record(z.string(), z.number())
type State = z.infer<typeof State>

/**
 * Writes event files, a folder for each series, so that TensorBoard shows each as a run of its own. What stands behind the noted length of
 * a file is cut off before more is written, so that nothing stands in it twice.
 */
export function tensorboard(runs: string): Tracker<State> {
  const folderOf = ({ runId }: TrackedRun) => join(runs, runId, 'tensorboard')

  async function send(records: readonly TrackedRecord[], run: TrackedRun, state: State): Promise<{ outcome: 'taken' }> {
    for (const [series, own] of Map.groupBy(records, (record) => record.series)) {
      const began = Math.floor(Date.parse(run.startedAt) / 1000)
      const path = join(folderOf(run), series || 'run', `events.out.tfevents.${began}.syllabus`)
      const length = state[path] ?? 0
      const head = length === 0 ? [eventBytes(began, 0, { fileVersion: 'brain.Event:2' })] : []
      const bytes = own.flatMap((record) => {
        const content = contentOf(record)
        const step = record.kind === 'metrics' ? record.step : 0
        return content ? [eventBytes(Date.parse(record.at) / 1000, step, content)] : []
      })
      if (bytes.length > 0) state[path] = await appendAt(path, length, Buffer.concat([...head, ...bytes]))
    }
    return { outcome: 'taken' }
  }

  return {
    name: 'tensorboard',
    target: runs,
    State,
    empty: {},
    isThere: async (state) =>
      (await Promise.all(Object.entries(state).map(([path, length]) => cutTo(path, length)))).every(Boolean),
    send,
    hint: (run) => `tensorboard --logdir ${folderOf(run)}`,
  }
}

/** Texts are Markdown in TensorBoard. A page of HTML is none. */
function contentOf(record: TrackedRecord): EventContent | null {
  if (record.kind === 'metrics') return { scalars: record.values }
  if (record.kind === 'begin') {
    const rows = Object.entries(record.params).map(([name, value]) => `| ${name} | ${value.replaceAll('|', '\\|')} |`)
    return rows.length === 0
      ? null
      : { texts: [{ tag: 'parameters', text: ['| parameter | value |', '|---|---|', ...rows].join('\n') }] }
  }
  if (record.kind !== 'artefact' || !/\.(md|json)$/.test(record.path) || record.text.length > mostChars) return null
  const text = record.path.endsWith('.md') ? record.text : `\`\`\`json\n${record.text}\n\`\`\``
  return { texts: [{ tag: record.path, text }] }
}

/** What a page of TensorBoard can be asked to show. The files lie beside it in any case. */
const mostChars = 200_000
