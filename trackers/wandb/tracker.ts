import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { appendAt, cutTo } from '../appended-file.ts'
import type { TrackedRecord } from '../record.ts'
import { seriesId, type TrackedRun, type Tracker } from '../tracker.ts'
import { recordsAt, type WandbRecord } from './run-file.ts'

/** Of each series: its file, how many bytes and records of it are noted as written, the steps of its history, and its last values. */
const SeriesState = z.object({
  path: z.string(),
  length: z.number(),
  records: z.number(),
  steps: z.number(),
  summary: z.record(z.string(), z.number()),
})
const State = z.record(z.string(), SeriesState)
type State = z.infer<typeof State>

export type WandbOptions = {
  /** The folder that holds `wandb/`. */
  dir: string
  project: string
  entity: string
  version: string
}

/** What WANDB_DIR, WANDB_PROJECT and WANDB_ENTITY name. A key is for `wandb sync`, and not read here. */
export const wandbOptions = (env: NodeJS.ProcessEnv, runs: string, version: string): WandbOptions => ({
  dir: env.WANDB_DIR || runs,
  project: env.WANDB_PROJECT || 'syllabus',
  entity: env.WANDB_ENTITY || '',
  version,
})

/**
 * Writes offline runs of Weights & Biases, one for each series, in one group: `wandb sync` sends them. As with event files, what stands
 * behind the noted length of a file is cut off before more is written.
 */
export function wandb({ dir, project, entity, version }: WandbOptions): Tracker<State> {
  async function send(records: readonly TrackedRecord[], run: TrackedRun, state: State): Promise<{ outcome: 'taken' }> {
    for (const [name, own] of Map.groupBy(records, ({ series }) => series)) {
      const id = seriesId(run.runId, name).replaceAll('.', '-')
      const path = join(dir, 'wandb', `offline-run-${stamp(run.startedAt)}-${id}`, `run-${id}.wandb`)
      state[name] ??= { path, length: 0, records: 1, steps: 0, summary: {} }
      const series = state[name]
      const written: WandbRecord[] = []
      for (const record of own) {
        if (record.kind === 'begin') {
          const head = {
            id,
            project,
            entity,
            group: run.runId,
            jobType: jobType(name),
            displayName: seriesId(run.runId, name),
          }
          const tags = name === '' ? ['syllabus'] : ['syllabus', jobType(name)]
          written.push({
            type: 'run',
            run: { ...head, tags, config: { ...record.params, series: name }, startedAt: run.startedAt },
          })
        } else if (record.kind === 'metrics') {
          Object.assign(series.summary, record.values)
          const seconds = Date.parse(record.at) / 1000
          const runtime = seconds - Date.parse(run.startedAt) / 1000
          const own = {
            ...record.values,
            step: record.step,
            _step: series.steps,
            _timestamp: seconds,
            _runtime: runtime,
          }
          written.push({ type: 'history', step: series.steps, values: own })
          series.steps += 1
        } else if (record.kind === 'artefact') {
          const file = join(dirname(path), 'files', record.path)
          await mkdir(dirname(file), { recursive: true })
          await writeFile(file, record.text)
          written.push({ type: 'files', paths: [record.path] })
        } else {
          const runtime = Math.round((Date.parse(record.at) - Date.parse(run.startedAt)) / 1000)
          written.push(
            { type: 'summary', values: series.summary },
            { type: 'exit', code: record.isFinished ? 0 : 1, runtime },
          )
        }
      }
      series.length = await appendAt(path, series.length, recordsAt(series.length, series.records, written, version))
      series.records += written.length
    }
    return { outcome: 'taken' }
  }

  return {
    name: 'wandb',
    target: dir,
    State,
    empty: {},
    isThere: async (state) =>
      (await Promise.all(Object.values(state).map(({ path, length }) => cutTo(path, length)))).every(Boolean),
    send,
    hint: ({ runId, startedAt }) => `wandb sync ${join(dir, 'wandb', `offline-run-${stamp(startedAt)}-${runId}`)}*`,
  }
}

/** `20261130_224500`, as in the folders of its own client. */
const stamp = (at: string): string => at.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_')

/** What a series stands for, so that runs can be filtered by it: `search`, `attempt`, `control`, `final` … */
const jobType = (series: string): string =>
  series === '' ? 'search' : series.replace(/^attempt-\d+$/, 'attempt').replace(/-s\d+$/, '')
