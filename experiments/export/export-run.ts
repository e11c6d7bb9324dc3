import { join } from 'node:path'
import type { Attempt, PlannerState } from '../../agents/planner/state.ts'
import type { Bus } from '../../bus/mod.ts'
import type { Reporter } from '../../launcher/console/reporter.ts'
import { homeFolder, runsFolder } from '../../machine/folders.ts'
import { type ExportModel, exportModel, type ModelPart, modelParts } from '../../models/export/export-model.ts'
import { megabytes } from '../../models/export/part-folder.ts'
import { attemptNumber } from '../../schemas/arm.ts'
import { plural } from '../../schemas/number-text.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { anyRunId, pickRun } from '../run/pick-run.ts'
import { type ExportTo, exportAttempt } from './export-attempt.ts'

/** What a run can be asked for: its rows, parts of a trained model, or all of that. */
export const exportParts = ['dataset', ...modelParts, 'all'] as const
export type ExportPart = (typeof exportParts)[number]

export type ExportRun = Pick<ExportModel, 'base' | 'type' | 'maxShard' | 'gguf'> &
  Pick<ExportTo, 'format' | 'provenance'> & {
    /** Left out: the only run that there is. */
    runId?: string | undefined
    what: ExportPart
    /** Left out: the final, and of rows those of the attempt that was chosen. */
    model?: string
    /** Of rows: the attempt's, in place of the model's. */
    attempt?: number
    /** Left out: a folder of the run's. Of `all`, each part has a folder in it. */
    out?: string
    signal: AbortSignal
  }

/**
 * Writes what is wanted of a run.
 * @throws UsageError when there is no such run, no such model, or the folder holds something else
 */
export async function exportRun(bus: Bus, request: ExportRun, reporter: Reporter): Promise<void> {
  const { what, out, model = 'final' } = request
  const runId = await anyRunId(bus, request.runId)
  if (what === 'dataset')
    return exportRows(
      bus,
      { ...request, runId },
      out ?? join(runsFolder(), runId, `export-${request.format}`),
      reporter,
    )
  const folder = out ?? join(runsFolder(), runId, what === 'all' ? model : `${model}-${what}`)
  const parts: Partial<Record<ModelPart, string>> =
    what === 'all'
      ? { adapter: join(folder, 'adapter'), card: folder, merged: join(folder, 'merged'), gguf: join(folder, 'gguf') }
      : { [what]: folder }
  if (what === 'all') await exportRows(bus, { ...request, runId, model }, join(folder, 'dataset'), reporter)
  const exported = await exportModel(bus, { ...request, runId, model, parts, home: homeFolder() }, reporter)
  for (const { part, folder: at, files, kept } of exported.parts) {
    const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0)
    const size =
      part === 'card'
        ? ''
        : ` (${megabytes(bytes)}${kept ? ', kept: each file has the hash that it was written with' : ''})`
    reporter.line(`${part} of ${exported.model}: ${at}${size}`)
  }
  reporter.line(`adapter: ${exported.adapterHash}, as the log says`)
  reporter.json({ type: 'export', ...exported })
}

async function exportRows(bus: Bus, request: ExportRun, out: string, { line, json }: Reporter): Promise<void> {
  const state = await pickRun(bus, request.runId, () => true)
  const attempt = datasetOf(state, request)
  const { format, provenance } = request
  const { data, rows } = await exportAttempt(bus, state.config, attempt, { out, format, provenance })
  line(`${rows} ${plural(rows, 'row')} of attempt ${attempt.attempt}: ${data}`)
  json({ type: 'dataset', run: state.config.runId, attempt: attempt.attempt, rows, data })
}

/** The attempt named; else the model's, the chosen one, or, in a run that has none yet, the last one that has rows or is making some. */
function datasetOf(state: PlannerState, { attempt, model = 'final' }: ExportRun): Attempt {
  const { attempts, control, bestAttempt, config } = state
  const hasRows = ({ dataset, outcome }: Attempt) => dataset !== null || outcome === 'generating'
  const named = attempt ?? attemptNumber(model) ?? undefined
  const wanted = named ?? bestAttempt ?? attempts.findLast(hasRows)?.attempt
  const isControl = attempt === undefined && /^control(-s\d+)?$/.test(model)
  const found = isControl ? control : attempts.find((each) => each.attempt === wanted)
  if (!/^(final|control)(-s\d+)?$|^attempt-/.test(model)) {
    throw new UsageError(
      `The rows of ${model} cannot be exported: they are no attempt’s.`,
      'Name final, control or attempt-N; for the model alone: --what adapter.',
    )
  }
  if (found && hasRows(found)) return found
  const where = isControl ? ' of its control' : named ? ` in attempt ${named}` : ''
  throw new UsageError(
    `Run ${config.runId} has no admitted rows${where}.`,
    'See its attempts with "npx syllabus status".',
  )
}
