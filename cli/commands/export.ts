import { join } from 'node:path'
import { type Command, Option } from 'commander'
import type { PlannerState } from '../../agents/planner/state.ts'
import { Row } from '../../schemas/row.ts'
import { PublicTask } from '../../schemas/task.ts'
import { UsageError } from '../errors.ts'
import { type ExportFormat, exportFormats, exportRows, provenanceOption } from '../export/mod.ts'
import { runsFolder } from '../home.ts'
import { positive } from '../option-parsers.ts'
import { pickRun } from '../pick-run.ts'
import { withBus } from '../with-bus.ts'

type Options = { format: ExportFormat; provenance: boolean; out?: string; attempt?: number }

/** The dataset of the attempt named; else the chosen one; else, in a run that has none yet, the last one that has rows. */
function datasetOf(state: PlannerState, attempt: number | undefined) {
  const wanted = attempt ?? state.bestAttempt ?? state.attempts.findLast(({ dataset }) => dataset)?.attempt
  const found = state.attempts.find((each) => each.attempt === wanted)
  if (found?.dataset) return { attempt: found, dataset: found.dataset }
  throw new UsageError(
    `Run ${state.config.runId} has no admitted rows${attempt ? ` in attempt ${attempt}` : ''}.`,
    'See its attempts with "npx syllabus status".',
  )
}

export function registerExport(program: Command): void {
  program
    .command('export')
    .description('write the rows of a run as a training set, with dataset_info.json and a data card')
    .argument('<run>', 'run id')
    .addOption(new Option('--format <name>', 'layout of the rows').choices([...exportFormats]).default('alpaca'))
    .addOption(provenanceOption())
    .option('--attempt <n>', 'another dataset than the chosen one', positive)
    .option('--out <dir>', 'folder (default: runs/<run>/export-<format>)')
    .action(async (runId: string, { format, provenance, out, attempt: number }: Options) =>
      withBus(async (bus) => {
        const state = await pickRun(bus, runId, () => true)
        const { attempt, dataset } = datasetOf(state, number)
        const task = await bus.objects.getJson(state.config.publicTask, PublicTask)
        const facts = {
          runId,
          attempt: attempt.attempt,
          datasetHash: dataset.sha256,
          programHash: attempt.programHash,
          generator: state.config.variants.generator,
          seed: state.config.seed,
        }
        const folder = out ?? join(runsFolder(), runId, `export-${format}`)
        const context = { task, facts, ...(provenance ? { rowsOf: runId } : {}) }
        const { data, rows } = await exportRows(bus.objects.lines(dataset, Row), format, folder, context)
        console.log(`${rows} rows of attempt ${attempt.attempt}: ${data}`)
      }),
    )
}
