import { join } from 'node:path'
import { type Command, Option } from 'commander'
import type { Attempt, PlannerState } from '../../agents/planner/state.ts'
import { exportAttempt } from '../../experiments/export/export-attempt.ts'
import { type ExportFormat, exportFormats, provenanceOption } from '../../experiments/export/options.ts'
import { pickRun } from '../../experiments/run/resume-run.ts'
import { withBus } from '../../launcher/with-bus.ts'
import { runsFolder } from '../../machine/folders.ts'
import { printableJson } from '../../schemas/printable.ts'
import { UsageError } from '../../schemas/user-error.ts'
import { anyRun, positive, runId } from '../options/option-parsers.ts'

type Options = { format: ExportFormat; provenance: boolean; out?: string; attempt?: number; json: boolean }

/** The attempt named; else the chosen one; else, in a run that has none yet, the last one that has rows or is making some. */
function attemptOf({ attempts, bestAttempt, config }: PlannerState, named: number | undefined): Attempt {
  const hasRows = ({ dataset, outcome }: Attempt) => dataset !== null || outcome === 'generating'
  const wanted = named ?? bestAttempt ?? attempts.findLast(hasRows)?.attempt
  const found = attempts.find((each) => each.attempt === wanted)
  if (found && hasRows(found)) return found
  throw new UsageError(
    `Run ${config.runId} has no admitted rows${named ? ` in attempt ${named}` : ''}.`,
    'See its attempts with "npx syllabus status".',
  )
}

export function registerExport(program: Command): void {
  program
    .command('export')
    .description('write the rows of a run as a training set, with dataset_info.json and a data card')
    .argument('[run]', anyRun, runId)
    .addOption(new Option('--format <name>', 'layout of the rows').choices([...exportFormats]).default('alpaca'))
    .addOption(provenanceOption())
    .option('--attempt <n>', 'another dataset than the chosen one', positive)
    .option('--out <dir>', 'folder (default: runs/<run>/export-<format>)')
    .option('--json', 'JSON instead of text', false)
    .action(async (named: string | undefined, { format, provenance, out, attempt: number, json }: Options) =>
      withBus(async (bus) => {
        const state = await pickRun(bus, named, () => true)
        const { runId } = state.config
        const attempt = attemptOf(state, number)
        const folder = out ?? join(runsFolder(), runId, `export-${format}`)
        const { data, rows } = await exportAttempt(bus, state.config, attempt, { out: folder, format, provenance })
        if (json) return console.log(printableJson({ runId, attempt: attempt.attempt, rows, format, data }))
        console.log(`${rows} rows of attempt ${attempt.attempt}: ${data}`)
      }),
    )
}
